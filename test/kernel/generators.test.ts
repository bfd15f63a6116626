// Programs that generate a policy, each run for real: who made the rules is said, the fix works at once, and what is said of lasting is true.
import { expect, it } from 'vitest';
import { checkDocument } from '../../src/commands/check.ts';
import { type FixCommandOptions, runFix } from '../../src/commands/fix/fix.ts';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { readServer } from '../../src/work/read-server.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { addresses, listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Command, type Lab, ownAddresses, startLab } from './lab.ts';

/** A program with a small policy that stops loopback as far as the program permits it, and the advice of lo-doctor followed by the letter. */
type Generator = {
  readonly name: string;
  readonly units: readonly string[];
  readonly configure: string;
  /** What starts it, also when it has been started before. */
  readonly start: readonly Command[];
  /** The addresses at which port 25 is not reached over lo then. */
  readonly stopped: readonly string[];
  readonly layer: 'iptables' | 'iptables-legacy';
  readonly evidence: readonly string[];
  /** Its advice in a few words, and what a reader does then. */
  readonly advice: string;
  readonly follow: string;
};

const GENERATORS: readonly Generator[] = [
  {
    name: 'ferm',
    units: ['ferm'],
    configure: `echo 'ENABLED="yes"' > /etc/default/ferm
cat > /etc/ferm/ferm.conf <<'CONF'
domain (ip ip6) table filter {
    chain INPUT { policy DROP; mod state state (ESTABLISHED RELATED) ACCEPT; interface lo ACCEPT; }
    chain OUTPUT {
        policy DROP;
        mod state state (ESTABLISHED RELATED) ACCEPT;
        proto tcp dport (http https) ACCEPT;
        LOG log-prefix "final: ";
    }
}
CONF`,
    start: [['/etc/init.d/ferm', 'start']],
    stopped: addresses,
    layer: 'iptables-legacy',
    evidence: [
      'ferm.service is enabled',
      'iptables-legacy ip table filter has rules, none of which name their maker',
      'iptables-legacy ip6 table filter has rules, none of which name their maker',
    ],
    advice: 'put "outerface lo ACCEPT;" first into "chain OUTPUT" in /etc/ferm/ferm.conf',
    follow: `sed -i 's/chain OUTPUT {/&\\n        outerface lo ACCEPT;/' /etc/ferm/ferm.conf`,
  },
  {
    name: 'shorewall',
    units: ['shorewall', 'shorewall6'],
    // It lets the server talk to itself unless a policy for all says "all+".
    configure: `for one in shorewall:ipv4 shorewall6:ipv6; do
  folder=/etc/\${one%:*}
  printf 'fw firewall\\nnet %s\\n' \${one#*:} > $folder/zones
  printf 'net eth0\\n' > $folder/interfaces
  printf '$FW all+ REJECT info\\nnet all DROP info\\nall all REJECT info\\n' > $folder/policy
  printf '?SECTION NEW\\nACCEPT $FW net tcp 443\\n' > $folder/rules
done`,
    start: [
      ['shorewall', 'restart'],
      ['shorewall6', 'restart'],
    ],
    stopped: addresses,
    layer: 'iptables',
    evidence: [
      'shorewall.service is enabled',
      'iptables ip table filter has the chain shorewall',
      'iptables ip6 table filter has the chain shorewall',
    ],
    advice: 'put the line "ACCEPT $FW $FW" first into /etc/shorewall/rules, below its "?SECTION NEW"',
    follow: `sed -i '/^?SECTION NEW/a ACCEPT $FW $FW' /etc/shorewall/rules /etc/shorewall6/rules`,
  },
  {
    name: 'firehol',
    units: ['firehol'],
    // It trusts lo unless it is told otherwise; "strict" leaves out the server's own addresses.
    configure: `echo START_FIREHOL=YES > /etc/default/firehol
cat > /etc/firehol/firehol.conf <<'CONF'
version 6
FIREHOL_TRUST_LOOPBACK="strict"
interface any world
  policy drop
  server ssh accept
  client http accept
CONF`,
    start: [['firehol', 'start']],
    stopped: [ownAddresses.ip, ownAddresses.ip6],
    layer: 'iptables-legacy',
    evidence: [
      'firehol.service is enabled',
      'iptables-legacy ip table filter logs with the prefix "DROP INVALID INPUT:"',
      'iptables-legacy ip6 table filter logs with the prefix "DROP INVALID INPUT:"',
    ],
    advice: 'put the line FIREHOL_TRUST_LOOPBACK="loose" at the head of /etc/firehol/firehol.conf',
    follow: `sed -i -e '/^FIREHOL_TRUST_LOOPBACK/d' -e '1i FIREHOL_TRUST_LOOPBACK="loose"' /etc/firehol/firehol.conf`,
  },
  {
    name: 'arno-iptables-firewall',
    units: ['arno-iptables-firewall'],
    // It lets lo through in any case; only an own rule before all others stops it. The console's log level is the whole machine's.
    configure: `cd /etc/arno-iptables-firewall
printf 'EXT_IF="eth0"\\nIPV6_SUPPORT=1\\nDMESG_PANIC_ONLY=0\\n' > conf.d/50-lab.conf
echo 'iptables -I OUTPUT -p tcp --dport 25 -j REJECT' > custom-rules`,
    start: [['arno-iptables-firewall', 'start']],
    stopped: addresses,
    layer: 'iptables',
    evidence: [
      'arno-iptables-firewall.service is enabled',
      'iptables ip table filter logs with the prefix "AIF:Dropped INPUT packet: "',
      'iptables ip6 table filter logs with the prefix "AIF:Dropped INPUT packet: "',
    ],
    advice: 'put the line "iptables -I OUTPUT -o lo -j ACCEPT" at the end of /etc/arno-iptables-firewall/custom-rules',
    follow: `echo 'iptables -I OUTPUT -o lo -j ACCEPT' >> /etc/arno-iptables-firewall/custom-rules`,
  },
];

const PERMIT = 'lo-doctor c1: permit loopback';

const start = async (lab: Lab, { start: commands }: Generator): Promise<void> => {
  for (const command of commands) await lab.run(command, { timeout: 60_000 });
};

/** The addresses at which the mail server is not reached. */
const unreached = async (lab: Lab): Promise<string[]> => {
  const outcomes = await Promise.all(addresses.map((address) => lab.probe(address, 25)));
  return addresses.filter((_, at) => outcomes[at]?.outcome !== 'works');
};

const ALL: FixCommandOptions = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: true };

const fixAndKeep = async (lab: Lab) => {
  const { io, written } = testIo();
  const code = await runFix(ALL, { host: hostInLab(lab), caseId: 'c1', io });
  return { code, document: JSON.parse(written.stdout) };
};

const look = async (lab: Lab) => checkDocument(inspect(await readServer(hostInLab(lab)), 'c1'), new Date());

const isNamed = (layer: string) => (layer === 'iptables-legacy' ? 'legacy' : 'nft');

describeKernel('a policy made by a generator', () => {
  it.each(GENERATORS)('of $name: told, fixed at once, and lasting only as it says', async (generator) => {
    await using lab = await startLab();
    const { name, layer, advice } = generator;
    await lab.run(['sh', '-ec', generator.configure]);
    await lab.run(['systemctl', 'enable', '-q', ...generator.units]);
    await start(lab, generator);
    for (const address of addresses) await lab.startSmtp(25, address);
    expect(await unreached(lab)).toEqual(generator.stopped);

    const seen = await look(lab);
    expect(seen.owners.map((owner) => `${owner.name} ${owner.status} in ${owner.layers.join(' and ')}`)).toEqual([
      `${name} active in ${layer}`,
    ]);
    expect(seen.owners[0]?.evidence).toEqual(expect.arrayContaining([...generator.evidence]));
    expect(seen.layers.find(({ variant }) => variant === isNamed(layer))?.manager).toBe(name);
    expect(seen.findings).toContainEqual(
      expect.objectContaining({
        id: 'rules-made-anew',
        title: expect.stringContaining(
          `each start of ${name} writes all its tables anew, and what was added by hand is gone`,
        ),
        advice: expect.stringContaining(advice),
      }),
    );
    const hidden = seen.findings.find(({ id }) => id === 'hidden-tables');
    expect(hidden?.advice).toEqual(layer === 'iptables' ? undefined : expect.stringContaining(`made by ${name}`));

    const { code, document } = await fixAndKeep(lab);
    expect(code).toBe(0);
    expect(document).toMatchObject({ result: 'kept', saved: { files: [], proof: null } });
    expect(document.saved.advice.join()).toContain(advice);
    expect(await unreached(lab)).toEqual([]);

    // The warning is true: its next start takes the permit away.
    await start(lab, generator);
    expect(await listRules(lab)).not.toContain(PERMIT);
    expect(await unreached(lab)).toEqual(generator.stopped);

    // And so is the advice.
    await lab.run(['sh', '-ec', generator.follow]);
    await start(lab, generator);
    expect(await unreached(lab)).toEqual([]);
    expect((await look(lab)).loopback).toMatchObject({ ip: 'works', ip6: 'works', own: 'works' });
  });

  it('is there until the next boot only, where that does not start the generator; and nobody’s, once that is gone', async () => {
    await using lab = await startLab();
    const shorewall = GENERATORS.find(({ name }) => name === 'shorewall');
    if (shorewall === undefined) throw new Error('it is above');
    await lab.run(['sh', '-ec', shorewall.configure]);
    await lab.run(['systemctl', 'disable', '-q', ...shorewall.units]);
    await start(lab, shorewall);
    const seen = await look(lab);
    expect(seen.layers).toMatchObject([{ manager: 'shorewall', families: ['ip', 'ip6'] }]);
    expect(seen.findings).toContainEqual(
      expect.objectContaining({
        id: 'not-at-boot',
        evidence: expect.arrayContaining(['shorewall.service is disabled']),
      }),
    );
    await lab.run(['systemctl', 'enable', '-q', ...shorewall.units]);
    expect((await look(lab)).findings.map(({ id }) => id)).not.toContain('not-at-boot');
    await lab.run(['sed', '-i', 's/^STARTUP_ENABLED=.*/STARTUP_ENABLED=No/', '/etc/shorewall/shorewall.conf']);
    expect((await look(lab)).owners[0]?.evidence[0]).toBe(
      'shorewall.service is enabled, but /etc/shorewall/shorewall.conf: STARTUP_ENABLED=No',
    );
    const remove = `cd /lib/systemd/system; mkdir /run/upper /run/work
systemctl disable -q shorewall shorewall6
mount -t overlay -o lowerdir=$PWD,upperdir=/run/upper,workdir=/run/work lab $PWD; cd $PWD; rm shorewall.service shorewall6.service`;
    await lab.run(['sh', '-ec', remove]);
    const gone = await look(lab);
    expect(gone.layers).toMatchObject([{ manager: 'none', owners: ['shorewall'] }]);
    expect(gone.findings.map(({ id }) => id)).toContain('leftover-rules');
  });
});
