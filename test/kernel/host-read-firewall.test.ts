// Reading a real firewall: every layer that is there, and nothing made or loaded by looking.
import { expect, it } from 'vitest';
import { readFirewall } from '../../src/host/rules/read-firewall.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { ownAddresses, startLab } from './lab.ts';

const rules = (port: number) => `*filter
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport ${port} -j DROP
COMMIT
`;

describeKernel('readFirewall', () => {
  it('finds nothing on a server without rules, and leaves no table behind', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const reading = await readFirewall(host);
    expect(reading).toMatchObject({ dumps: [], unread: [], iptables: 'nft', user: 0 });
    expect(reading.ownAddresses).toEqual([ownAddresses.ip, ownAddresses.ip6]);
    expect(await lab.run(['cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'])).toBe('');
    expect(await lab.run(['nft', 'list', 'ruleset'])).toBe('');
  });

  it('reads all five layers where all are in force', async () => {
    await using lab = await startLab();
    await lab.loadRules(rules(1), { variant: 'nft' });
    await lab.loadRules(rules(2), { variant: 'nft', family: 'ip6' });
    await lab.loadRules(rules(3), { variant: 'legacy' });
    await lab.loadRules(rules(4), { variant: 'legacy', family: 'ip6' });
    await lab.loadNft(
      'add table inet own; add chain inet own out { type filter hook output priority 0; policy drop; }',
    );
    const { dumps, unread } = await readFirewall(hostInLab(lab));
    expect(unread).toEqual([]);
    expect(dumps.map((dump) => (dump.layer === 'nftables' ? 'nftables' : `${dump.variant} ${dump.family}`))).toEqual([
      'nft ip',
      'nft ip6',
      'nftables',
      'legacy ip',
      'legacy ip6',
    ]);
    const ports = dumps.map((dump) => /--dport (\d)/.exec(dump.text)?.[1]);
    expect(ports).toEqual(['1', '2', undefined, '3', '4']);
  });

  it('says that it needs root', async () => {
    await using lab = await startLab();
    await expect(readFirewall(hostInLab(lab, { uid: 33 }))).rejects.toThrow('Reading the firewall needs root.');
  });
});
