import { describe, expect, it } from 'vitest';
import { traceConversation } from '../../../src/firewall/conversation/trace-conversation.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers, isTorn } from '../../../src/firewall/model/combine-layers.ts';
import type { Json } from '../../../src/firewall/nftables/read/json.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { rootConversation } from '../../../src/firewall/questions/probe-conversations.ts';

const OUTPUT = { name: 'OUTPUT', type: 'filter', hook: 'output', prio: 0, policy: 'accept' };
const match = (protocol: string, field: string, right: Json) => ({
  match: { op: '==', left: { payload: { protocol, field } }, right },
});

/** The table `ip filter` as nft prints it: a chain and its rules. */
function nft(chain: { readonly name: string }, ...rules: readonly (readonly Json[])[]) {
  const place = { family: 'ip', table: 'filter' };
  const objects = [
    { table: { family: 'ip', name: 'filter', handle: 1 } },
    { chain: { ...place, handle: 1, ...chain } },
    ...rules.map((expr, index) => ({ rule: { ...place, chain: chain.name, handle: index + 5, expr } })),
  ];
  return parseNftRuleset(JSON.stringify({ nftables: objects }), { file: 'nft' });
}

function iptables(variant: 'nft' | 'legacy', ...lines: readonly string[]) {
  return parseIptablesSave(`*filter\n${lines.join('\n')}\nCOMMIT\n`, { file: 'rules.v4', family: 'ip', variant });
}

const essence = ({ tables }: ReturnType<typeof combineLayers>) =>
  tables.map(({ layer, variant, family, name, chains }) => ({
    table: `${layer} ${variant} ${family} ${name}`,
    rules: [...chains.values()].flatMap((chain) =>
      chain.rules.map(({ text, handle }) => `${chain.name} ${handle} ${text}`),
    ),
  }));

describe('combineLayers', () => {
  const drop = [{ xt: { type: 'match', name: 'conntrack' } }, { drop: null }];

  it("takes iptables' rules from iptables-save, with nft's handles", () => {
    const combined = combineLayers({
      iptables: iptables(
        'nft',
        ':OUTPUT ACCEPT [0:0]',
        ':INPUT ACCEPT [0:0]',
        '-A OUTPUT -m conntrack --ctstate NEW -j DROP',
      ),
      nft: nft(OUTPUT, drop),
    });
    expect(essence(combined)).toEqual([
      { table: 'iptables nft ip filter', rules: ['OUTPUT 5 -A OUTPUT -m conntrack --ctstate NEW -j DROP'] },
    ]);
    expect(JSON.stringify(combined.tables[0]?.chains.get('OUTPUT')?.rules[0]?.steps)).not.toContain('unknown');
  });

  it('meets a native rule in a long chain, whatever iptables-save makes of it', () => {
    const lines = Array.from({ length: 40 }, (_, n) => `-A OUTPUT -p udp -m udp --dport ${n + 1} -j DROP`);
    const native = [match('ip', 'daddr', { set: ['127.0.0.1'] }), { drop: null }];
    const combined = combineLayers({
      iptables: iptables('nft', ':OUTPUT ACCEPT [0:0]', ...lines),
      nft: nft(OUTPUT, ...lines.map((_, n) => (n === 30 ? native : drop))),
    });
    const { stoppedAt } = traceConversation(combined, rootConversation('tcp', '127.0.0.1', 25), {
      ownAddresses: null,
      serverUid: null,
      serverGid: null,
    });
    expect(stoppedAt?.rule).toMatchObject({ number: 31, handle: 35 });
  });

  it('takes native rules in such a table from nft, as iptables-save leaves out what they ask for', () => {
    const native = [match('ip', 'daddr', '@blocked'), { drop: null }];
    const combined = combineLayers({
      iptables: iptables(
        'nft',
        ':OUTPUT ACCEPT [0:0]',
        '-A OUTPUT -m conntrack --ctstate NEW -j DROP',
        '-A OUTPUT -j DROP',
      ),
      nft: nft(OUTPUT, drop, native),
    });
    expect(essence(combined)[0]?.rules).toEqual([
      'OUTPUT 5 -A OUTPUT -m conntrack --ctstate NEW -j DROP',
      'OUTPUT 6 ip daddr @blocked drop',
    ]);
  });

  it("keeps a native table that has iptables' name: iptables-save prints it as empty", () => {
    const combined = combineLayers({
      iptables: iptables('nft', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'),
      nft: nft({ ...OUTPUT, name: 'output' }, [{ drop: null }]),
    });
    expect(essence(combined)).toEqual([{ table: 'nftables null ip filter', rules: ['output 5 drop'] }]);
  });

  it('keeps what nft says of a table that iptables-save refuses to print', () => {
    const text = "# Table `filter' is incompatible, use 'nft' tool.\n*raw\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
    const dump = parseIptablesSave(text, { file: 'rules.v4', family: 'ip', variant: 'nft' });
    const combined = combineLayers({ iptables: dump, nft: nft(OUTPUT, drop) });
    expect(essence(combined)).toEqual([
      { table: 'nftables null ip filter', rules: ['OUTPUT 5 xt match "conntrack" drop'] },
      { table: 'iptables nft ip raw', rules: [] },
    ]);
    expect(combined.tables[0]?.chains.get('OUTPUT')?.rules[0]?.steps[0]).toMatchObject({ kind: 'unknown' });
  });

  it('keeps a chain as nft has it where the two differ in the number of rules', () => {
    const combined = combineLayers({
      iptables: iptables('nft', ':OUTPUT ACCEPT [0:0]', '-A OUTPUT -j DROP'),
      nft: nft(OUTPUT, drop, drop),
    });
    expect(essence(combined)[0]?.rules).toEqual([
      'OUTPUT 5 xt match "conntrack" drop',
      'OUTPUT 6 xt match "conntrack" drop',
    ]);
  });

  it('counts tables of iptables-legacy beside those of nft', () => {
    const combined = combineLayers({
      iptables: iptables('legacy', ':OUTPUT DROP [0:0]'),
      nft: nft(OUTPUT, [{ accept: null }]),
    });
    expect(essence(combined).map(({ table }) => table)).toEqual([
      'nftables null ip filter',
      'iptables legacy ip filter',
    ]);
  });

  it("has iptables' tables where nft was not asked", () => {
    const combined = combineLayers({ iptables: iptables('nft', ':OUTPUT DROP [0:0]'), nft: [] });
    expect(essence(combined)).toEqual([{ table: 'iptables nft ip filter', rules: [] }]);
  });
});

describe('two tools that have looked at two moments', () => {
  const save = iptables('nft', ':OUTPUT ACCEPT [0:0]', '-A OUTPUT -p tcp -j DROP');
  const drop = [match('ip', 'protocol', 'tcp'), { drop: null }];
  it('are known by the numbers of rules in a chain', () => {
    expect(isTorn({ iptables: save, nft: nft(OUTPUT, drop) })).toBe(false);
    expect(isTorn({ iptables: save, nft: nft(OUTPUT, drop, drop) })).toBe(true);
    expect(isTorn({ iptables: save, nft: nft(OUTPUT) })).toBe(true);
  });
  it('are not looked for in chains of one of them', () => {
    expect(isTorn({ iptables: save, nft: nft({ ...OUTPUT, name: 'mine' }, drop, drop) })).toBe(false);
    expect(isTorn({ iptables: iptables('legacy', ':OUTPUT ACCEPT [0:0]'), nft: nft(OUTPUT, drop) })).toBe(false);
  });
});
