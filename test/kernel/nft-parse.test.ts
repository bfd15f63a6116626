// nft's JSON against nft's text: each rule of the real kernel is printed as nft prints it, and means the same as its text.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseIptablesSave } from '../../src/firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers } from '../../src/firewall/model/combine-layers.ts';
import type { Rule, Table } from '../../src/firewall/model/model.ts';
import { lowerNftRule } from '../../src/firewall/nftables/lower/lower-rule.ts';
import { printRule } from '../../src/firewall/nftables/print-rule.ts';
import { parseNftRuleset } from '../../src/firewall/nftables/read/parse-nft-ruleset.ts';
import { parseRuleText } from '../../src/firewall/nftables/read/parse-rule-text.ts';
import { describeKernel } from './available.ts';
import { type Lab, startLab } from './lab.ts';
import { retellNft } from './retell-nft.ts';

const commands = readFileSync(new URL('../fixtures/nftables/commands.nft', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** Loads the commands one by one, as kernels and nft differ in what they can; resolves to those that were refused. */
async function load(lab: Lab): Promise<string[]> {
  const { stdout } = await lab.exec(
    ['sh', '-c', 'while read -r line; do echo "$line" | nft -f - 2>/dev/null || echo "$line"; done'],
    {
      input: `${commands.join('\n')}\n`,
    },
  );
  return stdout.split('\n').filter((line) => line !== '');
}

/** `nft -s -a list ruleset`: the text of each rule by table and handle; chains inside of rules on one line. */
function textsByHandle(listing: string): Map<string, string> {
  const texts = new Map<string, string>();
  let table = '';
  const block: string[] = [];
  for (const line of listing.split('\n')) {
    if (line.startsWith('table ')) table = line.split(' ').slice(1, 3).join(' ');
    if (block.length > 0 || /(jump|goto) \{$/.test(line)) block.push(line.trim());
    const [, text, handle] = /^\t+(.*) # handle (\d+)$/.exec(line) ?? [];
    if (text === undefined || /^(chain|set|map|counter|limit|quota|ct \w+) \S+ \{$/.test(text)) continue;
    texts.set(`${table} ${handle}`, block.length === 0 ? text : onOneLine(block.splice(0)));
  }
  return texts;
}

function onOneLine(block: readonly string[]): string {
  const lines = block.map((line) => line.replace(/ # handle \d+$/, ''));
  return `${lines[0]} ${lines.slice(1, -1).join('; ')} ${lines.at(-1)}`;
}

function rulesOf(tables: readonly Table[]): (Rule & { readonly table: Table })[] {
  return tables.flatMap((table) =>
    [...table.chains.values()].flatMap(({ rules }) => rules.map((rule) => ({ ...rule, table }))),
  );
}

describeKernel('parseNftRuleset', () => {
  it('prints every rule that the kernel has as nft prints it', async () => {
    await using lab = await startLab();
    const refused = await load(lab);
    expect(refused.length, `refused here: ${refused.join('\n')}`).toBeLessThan(commands.length / 10);
    const json = (await lab.exec(['nft', '-j', 'list', 'ruleset'])).stdout;
    const wanted = textsByHandle((await lab.exec(['nft', '-s', '-a', 'list', 'ruleset'])).stdout);
    const version = await lab.run(['nft', '--version']);
    const printed = rulesOf(parseNftRuleset(json, { file: 'nft' })).filter(({ handle }) => handle !== null);
    expect(printed.length).toBeGreaterThan(300);
    const different = printed
      .map(({ table, handle, text }) => ({
        text: retellNft(text, version),
        nft: wanted.get(`${table.family} ${table.name} ${handle}`),
      }))
      .filter(({ text, nft }) => text !== nft);
    expect(different).toEqual([]);
  });

  it('numbers the rules as they stand in their chains', async () => {
    await using lab = await startLab();
    await lab.loadNft('table ip t { chain out { type filter hook output priority 0; accept; counter; drop; }; }');
    await lab.run(['nft', 'insert', 'rule', 'ip', 't', 'out', 'oif', 'lo', 'accept']);
    const [table] = parseNftRuleset(await lab.run(['nft', '-j', 'list', 'ruleset']), { file: 'nft' });
    const rules = table?.chains.get('out')?.rules.map(({ number, handle, text }) => [number, handle, text]);
    expect(rules).toEqual([
      [1, 5, 'oif "lo" accept'],
      [2, 2, 'accept'],
      [3, 3, 'counter'],
      [4, 4, 'drop'],
    ]);
  });

  it('reads the text of a rule as its JSON', async () => {
    await using lab = await startLab();
    await load(lab);
    const json = (await lab.exec(['nft', '-j', 'list', 'ruleset'])).stdout;
    const rules = rulesOf(parseNftRuleset(json, { file: 'nft' })).filter(
      ({ table: { family } }) => family !== 'netdev',
    );
    const read = rules.flatMap((rule) => {
      const statements = parseRuleText(rule.text);
      return statements === null || /limit name|quota name/.test(rule.text) ? [] : [{ rule, statements }];
    });
    expect(read.length).toBeGreaterThan(250);
    for (const { rule, statements } of read) {
      const { family } = rule.table;
      const scope = {
        family,
        sets: new Map(),
        objects: new Map(),
        chains: new Map(),
        changing: new Set<string>(),
        inForce: null,
      };
      expect(printRule(statements, rule.comment, family)).toBe(rule.text);
      expect(lowerNftRule(statements, scope), rule.text).toEqual(rule.steps);
    }
  });

  it('has no unknown step for what rulesets on servers use', async () => {
    await using lab = await startLab();
    await load(lab);
    const json = (await lab.exec(['nft', '-j', 'list', 'ruleset'])).stdout;
    const usual =
      /^(ip6? [sd]addr|oif|iif|ct (state|mark|status|direction)|tcp|udp|icmp|icmpv6|meta (mark|l4proto|nfproto|skuid|skgid)|fib|limit|log|reject|jump|goto)\b/;
    const rules = rulesOf(parseNftRuleset(json, { file: 'nft' })).filter(
      ({ text, table: { family } }) => usual.test(text) && family !== 'netdev' && family !== 'bridge',
    );
    expect(rules.length).toBeGreaterThan(150);
    const unknown = rules.filter(({ steps }) => JSON.stringify(steps, plain).includes('"kind":"unknown"'));
    expect(unknown.map(({ text }) => text).filter((text) => !/@nh|igmp|jhash|numgen| set | tproxy/.test(text))).toEqual(
      ['icmp mtu 50', 'tcp option sack left 5'],
    );
  });
});

describeKernel('combineLayers', () => {
  it('says of each rule what it does, where iptables-nft and nft share a table', async () => {
    await using lab = await startLab();
    await lab.loadRules('*filter\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m conntrack --ctstate NEW -j DROP\nCOMMIT\n');
    await lab.loadNft(`add set ip filter blocked { type ipv4_addr; elements = { 192.0.2.1 }; }
      add rule ip filter OUTPUT ip daddr @blocked drop
      add rule ip filter OUTPUT tcp dport { 25, 26 } drop
      add chain ip filter late { type filter hook output priority 5; policy drop; }
      add rule ip filter late oifname lo accept`);
    const text = await lab.run(['iptables-nft-save']);
    expect(text).toContain('-A OUTPUT -j DROP\n');
    const iptables = parseIptablesSave(text, { file: 'iptables-save', family: 'ip', variant: 'nft' });
    const nft = parseNftRuleset(await lab.run(['nft', '-j', 'list', 'ruleset']), { file: 'nft' });
    const { tables } = combineLayers({ iptables, nft });
    expect(rulesOf(tables).map((rule) => `${rule.table.layer} ${rule.handle} ${rule.text}`)).toEqual([
      'iptables 2 -A OUTPUT -p tcp -m conntrack --ctstate NEW -j DROP',
      'iptables 4 ip daddr @blocked drop',
      'iptables 6 tcp dport { 25, 26 } drop',
      'iptables 8 oifname "lo" accept',
    ]);
    expect(tables[0]?.chains.get('late')?.base).toMatchObject({ hook: 'output', priority: 5, policy: 'drop' });
  });
});

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value;
}
