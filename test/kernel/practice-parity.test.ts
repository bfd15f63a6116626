// A scenario's rules on the real kernel: the same conversations end the same way, and write the same log lines.
import { it } from 'vitest';
import type { Conversation } from '../../src/firewall/conversation/trace.ts';
import type { Host } from '../../src/host/host.ts';
import { probeConversation } from '../../src/host/network/probe.ts';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import type { Scenario } from '../../src/host/practice/scenario.ts';
import { SCENARIOS } from '../../src/host/practice/scenarios/all-scenarios.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

/** A scenario's services that both servers have: the lab's own IPv6 address is another one. */
const PORTS = [21, 25, 80, 443, 3306, 9999];
const ADDRESSES = ['127.0.0.1', '192.0.2.10', '::1'];

const conversations = (uid: number): Conversation[] =>
  ADDRESSES.flatMap((address) => [
    ...PORTS.map((port) => talk('tcp', address, port, uid)),
    talk('udp', address, 53, uid),
    talk('udp', address, 9999, uid),
    talk('icmp', address, null, uid),
  ]);

const talk = (protocol: Conversation['protocol'], address: string, port: number | null, uid: number): Conversation => ({
  ...{ protocol, source: address, destination: address, sourcePort: null, destinationPort: port, uid },
});

/** The rules with prefixes that no other lab has, and with every drop of lo logged, so that there is much to compare. */
const marked = (rules: string, mark: string) =>
  rules
    .replaceAll('--log-prefix "', `--log-prefix "${mark} `)
    .replaceAll(/-m limit --limit \S+( --limit-burst \S+)? /g, '')
    .replace(
      /(:OUTPUT .*\n)/,
      `$1-A OUTPUT -o lo -m conntrack --ctstate NEW,RELATED -j LOG --log-prefix "${mark} o " --log-uid\n`,
    )
    .replace(
      /((?:-A OUTPUT.*\n)*)(COMMIT)/,
      `$1-A INPUT -i lo -p tcp -m tcp --tcp-flags SYN SYN -j LOG --log-prefix "${mark} i "\n$2`,
    );

const load = async (host: Host, { rules, rules6 }: Scenario, mark: string) => {
  for (const [program, text] of [
    ['iptables-restore', rules],
    ['ip6tables-restore', rules6],
  ] as const) {
    const { code, stderr } = await host.run([program], { input: marked(text, mark) });
    if (code !== 0) throw new Error(stderr);
  }
};

const listen = (lab: Lab, { services }: Scenario) =>
  lab.listen(
    services.map(({ protocol, address, port, banner }) => ({
      protocol,
      address,
      port,
      kind: 'banner',
      banner: banner || '\n',
    })),
  );

/** How each conversation ended, and the lines with the mark: each once, without what is different each time. */
const play = async (host: Host, mark: string, tries: readonly Conversation[]) => {
  const results = await Promise.all(tries.map((one) => probeConversation(host, one)));
  const ends = results.map(({ conversation, end }) => {
    const { protocol, destination, destinationPort } = conversation;
    return `${protocol} ${destination} ${destinationPort}: ${end}`;
  });
  const readLog = async () => (await host.run(['grep', '-F', mark, '/var/log/syslog'])).stdout;
  let log = await readLog();
  for (let before = ''; log !== before; ) {
    before = log;
    await new Promise((resolve) => setTimeout(resolve, 300));
    log = await readLog();
  }
  return { ends, lines: distinct(log), heads: log.split('\n').filter((line) => line !== '') };
};

/** A newer rsyslogd (Debian 13's) makes the line's time of the kernel's, and leaves that out. */
const HEAD = /^\w{3} [ \d]\d \d\d:\d\d:\d\d web1 kernel: (?:\[ *\d+\.\d{6}\] )?/;

const distinct = (log: string): string[] => {
  const same = (line: string) =>
    line
      .replace(HEAD, '')
      .replaceAll(/\b(ID|FLOWLBL)=\d+/g, '$1=#')
      .replaceAll(/\b(SPT|DPT)=(3[2-9]|[45]\d|60)\d{3}\b/g, '$1=#');
  return [
    ...new Set(
      log
        .split('\n')
        // What a practice server does out there by itself, a real one does not.
        .filter((line) => line !== '' && !line.includes(' OUT=eth0 '))
        .map(same),
    ),
  ].sort();
};

describeKernel('the practice server and a real one with the same rules', () => {
  it.concurrent.for(SCENARIOS)('agree in the scenario $id', async (scenario, { expect }) => {
    await using lab = await startLab();
    const mark = `p${process.pid % 10_000}${SCENARIOS.indexOf(scenario)}`;
    await lab.startRsyslog({ only: mark });
    const real = hostInLab(lab);
    const practice = practiceHost(scenario.id);
    await listen(lab, scenario);
    for (const host of [real, practice]) await load(host, scenario, mark);
    const tries = conversations(0);
    const [expected, found] = await Promise.all([play(real, mark, tries), play(practice, mark, tries)]);
    expect.soft(found.ends).toEqual(expected.ends);
    expect.soft(found.lines).toEqual(expected.lines);
    const head = /^\w{3} [ \d]\d \d\d:\d\d:\d\d web1 kernel: \[ *\d+\.\d{6}\] p\d+ /;
    for (const line of found.heads) expect(line).toMatch(head);
    for (const line of expected.heads) expect(line).toMatch(HEAD);
  });
});
