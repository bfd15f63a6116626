// A fix that is kept outlasts a boot: a real Debian is fixed, switched off and on again, for each of its ways of loading rules.
import { beforeAll, expect, it } from 'vitest';
import { runUndo } from '../../src/commands/cases/cases.ts';
import { runFix } from '../../src/commands/fix/fix.ts';
import { testIo } from '../commands/io.ts';
import { describeBoot } from './available.ts';
import { buildTree, type Installed, type Machine, makeMachine } from './machine.ts';

const BUILD_TIME = 600_000;

/** Opens a TCP connection to itself over each loopback address, and says what came of it. */
const talk = `
import socket
for family, address in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1')):
    server = socket.create_server((address, 8025), family=family)
    client = socket.socket(family)
    client.settimeout(1)
    try:
        client.connect((address, 8025))
        print(address, 'works')
    except OSError:
        print(address, 'fails')
`;

async function loopback({ host }: Machine): Promise<string[]> {
  const { stdout, stderr } = await host.run(['python3', '-c', talk]);
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

const WORKS = ['127.0.0.1 works', '::1 works'];
const FAILS = ['127.0.0.1 fails', '::1 fails'];

const saved =
  '*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';
const direct = (version: string) => `<rule ipv="${version}" table="filter" chain="OUTPUT" priority="3">-j DROP</rule>`;

type Way = {
  readonly name: string;
  readonly installed: Installed;
  /** Makes the disk one whose boot blocks loopback. */
  readonly prepare: string;
  /** The files that the fix changes. */
  readonly files: readonly string[];
  /** Whether that can be proved before the boot. */
  readonly isProved: boolean;
};

const ways: readonly Way[] = [
  {
    name: 'netfilter-persistent',
    installed: 'rules',
    prepare: `systemctl enable -q netfilter-persistent; mkdir -p /etc/iptables
      printf '${saved}' | tee /etc/iptables/rules.v4 >/etc/iptables/rules.v6`,
    files: ['/etc/iptables/rules.v4', '/etc/iptables/rules.v6'],
    isProved: true,
  },
  {
    name: 'nftables.service',
    installed: 'rules',
    prepare: `systemctl enable -q nftables; mkdir /etc/nftables.d
      printf 'flush ruleset\\ninclude "/etc/nftables.d/*.nft"\\n' >/etc/nftables.conf
      printf 'table inet filter {\\n  chain output {\\n    type filter hook output priority 0;\\n    tcp dport 443 accept\\n    # the rest\\n    drop\\n  }\\n}\\n' >/etc/nftables.d/out.nft`,
    files: ['/etc/nftables.d/out.nft'],
    isProved: true,
  },
  {
    name: 'ufw, by its own rules',
    installed: 'ufw',
    prepare: `sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules
      sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf
      sed -i 's/^DEFAULT_OUTPUT_POLICY=.*/DEFAULT_OUTPUT_POLICY="DROP"/' /etc/default/ufw`,
    files: ['/etc/ufw/user.rules', '/etc/ufw/user6.rules'],
    isProved: true,
  },
  {
    name: 'ufw, in its files',
    installed: 'ufw',
    prepare: `sed -i 's/^-A ufw-before-output -o lo.*/-A ufw-before-output -o lo -j DROP/' /etc/ufw/before.rules
      sed -i 's/^-A ufw6-before-output -o lo.*/-A ufw6-before-output -o lo -j DROP/' /etc/ufw/before6.rules
      sed -i 's/^ENABLED=.*/ENABLED=yes/' /etc/ufw/ufw.conf`,
    files: ['/etc/ufw/before.rules', '/etc/ufw/before6.rules'],
    isProved: true,
  },
  {
    name: 'firewalld',
    installed: 'rules',
    prepare: `systemctl enable -q firewalld
      echo '<?xml version="1.0" encoding="utf-8"?><direct>${direct('ipv4')}${direct('ipv6')}</direct>' >/etc/firewalld/direct.xml`,
    files: ['/etc/firewalld/direct.xml'],
    isProved: true,
  },
];

describeBoot('a fix that is kept', () => {
  let trouble: string | null = null;
  beforeAll(() => {
    trouble = buildTree();
  }, BUILD_TIME);

  it.for(ways)(
    'outlasts a boot, and its undo does too: $name',
    async ({ installed, prepare, files, isProved }, { skip }) => {
      if (trouble !== null) skip(trouble);
      await using machine = await makeMachine(installed);
      machine.prepare(prepare);
      await machine.boot();
      expect(await loopback(machine)).toEqual(FAILS);
      const { io, written } = testIo();
      const choice = { kind: 'all' } as const;
      const options = { choice, isDryRun: false, yes: true, confirmWithin: null, json: true };
      // Nothing listens in this Debian and it has no ping: what nothing could show is kept, and said to be unverified.
      expect(await runFix(options, { host: machine.host, caseId: 'b1', io }), JSON.stringify(written)).toBe(4);
      expect(await loopback(machine)).toEqual(WORKS);
      const proof = isProved ? expect.stringContaining('loopback passes') : null;
      const advice = isProved ? [] : [expect.stringContaining('is not known')];
      expect(JSON.parse(written.stdout)).toMatchObject({ result: 'kept-unverified', saved: { files, proof, advice } });

      await machine.powerOff();
      await machine.boot();
      expect(await loopback(machine)).toEqual(WORKS);

      expect(await runUndo('b1', machine.host, testIo().io)).toBe(0);
      expect(await loopback(machine)).toEqual(FAILS);
      await machine.powerOff();
      await machine.boot();
      expect(await loopback(machine)).toEqual(FAILS);
    },
  );
});
