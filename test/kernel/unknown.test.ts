// "Can't tell" is never "fine": servers where the rules alone don't say it, looked at and put right for real.
import { expect, test } from 'vitest';
import { describeKernel } from './available.ts';
import { startSituation } from './situation.ts';

const DOMAINS = `ipset create domains hash:net; ipset add domains 198.51.100.0/24
iptables -A OUTPUT -m set --match-set domains dst -j ACCEPT
iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
iptables -A OUTPUT -j REJECT`;
/** The program is there and can't be run: what is in the sets is not known. */
const NO_IPSET = 'mount --bind /dev/null "$(command -v ipset)"';

describeKernel('where the rules alone do not tell', () => {
  test('a set is read, and what it does is said', async () => {
    await using server = await startSituation({ script: DOMAINS, log: 'none' });
    const { code, stdout } = await server.doctor(['check']);
    expect([code, stdout]).toEqual([1, expect.stringContaining('blocked by rule 3 of OUTPUT')]);
  });

  test('a set that can not be read leaves it open, and the fix is right either way', async () => {
    await using server = await startSituation({ script: `${DOMAINS}\n${NO_IPSET}`, log: 'none' });
    const checked = await server.doctor(['check']);
    expect([checked.code, checked.stdout]).toEqual([4, expect.stringContaining("can't tell")]);
    const service = await server.doctor(['fix', '--service', 'tcp/5432', '--dry-run']);
    expect(service.stdout).toContain("Whether tcp/5432 passes can't be told");
    expect(service.stdout).toContain('Permit tcp/5432');
    const fixed = await server.document(['fix', '--all', '--yes']);
    expect(fixed).toMatchObject({ code: 0, document: { result: 'kept', doubts: [] } });
    await server.startTcpServer(5432);
    expect(await server.probe('127.0.0.1', 5432)).toMatchObject({ outcome: 'works' });
    expect(await server.doctor(['check'])).toMatchObject({ code: 0 });
  });

  test('a walk that is left there ends with 4', async () => {
    await using server = await startSituation({ script: `${DOMAINS}\n${NO_IPSET}`, log: 'none' });
    const { code, stdout } = await server.walk({ command: 'true', choose: () => /^Leave/ });
    expect([code, stdout]).toEqual([4, expect.stringContaining("Whether the firewall stops loopback can't be told")]);
  });

  test('an own attempt that fails where somebody listens convicts the only rule that can have stopped it', async () => {
    await using server = await startSituation({ script: `${DOMAINS}\n${NO_IPSET}`, log: 'none' });
    await server.startTcpServer(5432);
    const { code, stdout } = await server.doctor(['check']);
    expect([code, stdout]).toEqual([1, expect.stringContaining('blocked by rule 3 of OUTPUT')]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /own attempt: TCP to 127.0.0.1:5432 was refused, and rule 3 of OUTPUT \(iptables, IPv4\): .* counted it/,
    );
  });

  test('an own attempt that succeeds acquits nobody, and is told', async () => {
    const chance = 'iptables -A OUTPUT -p tcp --syn -m statistic --mode nth --every 1000 --packet 999 -j DROP';
    await using server = await startSituation({ script: chance, log: 'none' });
    await server.startTcpServer(5432);
    const { code, stdout } = await server.doctor(['check']);
    expect([code, stdout.replaceAll(/\s+/g, ' ')]).toEqual([
      4,
      expect.stringContaining('own attempt: TCP to 127.0.0.1:5432 connected, which proves this moment only'),
    ]);
    const fixed = await server.document(['fix', '--all', '--yes']);
    expect(fixed).toMatchObject({ code: 0, document: { result: 'kept' } });
    expect(await server.doctor(['check'])).toMatchObject({ code: 0 });
  });

  test('where no permit is right either way, the fix says so and ends with 4', async () => {
    const script = `nft add table ip t
nft 'add chain ip t o { type nat hook output priority 0; }'
nft 'add chain ip t f { type filter hook output priority 0; }'; nft add rule ip t f ct state established accept
nft add rule ip t o limit rate over 1/hour burst 1 packets drop`;
    await using server = await startSituation({ script, log: 'none' });
    for (const choice of [['--all'], ['--service', 'tcp/5432']]) {
      const { code, stdout, stderr } = await server.doctor(['fix', ...choice, '--yes']);
      // A busy machine may be waited for, which is said.
      const problems = stderr.replaceAll(/^lo-doctor: waiting for .*…\n/gm, '');
      expect([code, stdout, problems]).toEqual([4, expect.stringContaining("can't be told"), '']);
    }
    expect(await server.document(['fix', '--all', '--yes'])).toMatchObject({
      code: 4,
      document: {
        result: 'cant-tell',
        commands: [],
        doubts: [{ what: expect.stringContaining('limit rate over 1/hour') }],
      },
    });
    expect(await server.sh('nft list ruleset')).not.toContain('lo-doctor');
  });

  test('a queue without a program behind it drops, is said to, and the fix puts it right', async () => {
    const script = 'iptables -t mangle -A OUTPUT -m conntrack --ctstate NEW -j NFQUEUE --queue-num 0';
    await using server = await startSituation({ script, log: 'none' });
    await server.startTcpServer(5432);
    const { code, stdout } = await server.doctor(['check']);
    expect([code, stdout.replaceAll(/\s+/g, ' ')]).toEqual([1, expect.stringContaining('No program reads queue 0')]);
    const { stdout: planned } = await server.doctor(['fix', '--all', '--dry-run']);
    expect(planned.replaceAll(/\s+/g, ' ')).toContain(
      'No program reads queue 0, to which rule 1 of OUTPUT hands packets',
    );
    expect(await server.document(['fix', '--all', '--yes'])).toMatchObject({ code: 0, document: { result: 'kept' } });
    expect(await server.probe('127.0.0.1', 5432)).toMatchObject({ outcome: 'works' });
  });
});
