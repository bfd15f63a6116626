import { describe, expect, it } from 'vitest';
import { summariseLayers } from '../../../src/diagnosis/inspect/layers.ts';
import { findOwnerFindings } from '../../../src/diagnosis/owners/find-owner-findings.ts';
import { findOwners } from '../../../src/diagnosis/owners/find-owners.ts';
import type { OwnerFacts } from '../../../src/diagnosis/owners/owner-facts.ts';
import { parseDirectRules } from '../../../src/firewall/firewalld/direct-rule.ts';
import { parseIptablesSave } from '../../../src/firewall/iptables/read/parse-iptables-save.ts';
import type { Ruleset, Table } from '../../../src/firewall/model/model.ts';
import { parseNftRuleset } from '../../../src/firewall/nftables/read/parse-nft-ruleset.ts';

const HEAD = '*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n';

/** A filter table of iptables with these chains and rules. */
function iptables(lines: string, variant: 'nft' | 'legacy' = 'nft'): readonly Table[] {
  return parseIptablesSave(`${HEAD}${lines}\nCOMMIT\n`, { file: 'rules', family: 'ip', variant });
}

/** An nft table with one chain on output that drops. */
function nft(family: string, table: string): readonly Table[] {
  const chain = { family, table, name: 'out', handle: 1, type: 'filter', hook: 'output', prio: 0, policy: 'drop' };
  const document = { nftables: [{ table: { family, name: table, handle: 1 } }, { chain }] };
  return parseNftRuleset(JSON.stringify(document), { file: 'nft' });
}

const server = (...tables: (readonly Table[])[]): Ruleset => ({ tables: tables.flat() });

/** What a server shows where these programs are on. */
const facts = (on: readonly string[], off: readonly string[] = []): OwnerFacts => ({
  installed: [
    ...on.map((name) => ({ name, isOn: true, startsAtBoot: true, evidence: `${name} runs` })),
    ...off.map((name) => ({ name, isOn: false, startsAtBoot: false, evidence: `${name} is stopped` })),
  ],
  directRules: [],
});

const briefly = (ruleset: Ruleset, known: OwnerFacts | null) =>
  findOwners(ruleset, known).map(({ name, status, layers }) => `${name} ${status} in ${layers.join(' and ')}`);

describe('findOwners', () => {
  it('names nobody where rules were made by hand', () => {
    const ruleset = server(iptables('-A OUTPUT -j DROP'), nft('inet', 'filter'));
    expect(findOwners(ruleset, facts([]))).toEqual([]);
    expect(findOwners(ruleset, null)).toEqual([]);
  });

  it.each([
    ['ufw', ':ufw-before-output - [0:0]\n-A OUTPUT -j ufw-before-output'],
    ['firewalld', ':OUTPUT_direct - [0:0]\n-A OUTPUT -j OUTPUT_direct'],
    ['shorewall', ':fw2net - [0:0]\n-A OUTPUT -j fw2net\n-A fw2net -j LOG --log-prefix "Shorewall:fw2net:REJECT:"'],
    ['shorewall', ':shorewall - [0:0]\n:reject - [0:0]'],
    [
      'firehol',
      ':out_world - [0:0]\n:out_world_http_c1 - [0:0]\n-A OUTPUT -j out_world\n-A out_world -j out_world_http_c1',
    ],
    ['firehol', '-A OUTPUT -m limit --limit 1/s -j LOG --log-prefix "OUT-unknown:"'],
    [
      'firehol',
      ':out_world - [0:0]\n-A out_world -m limit --limit 1/s -j LOG --log-prefix "drop UNMATCHED OUT-world:"',
    ],
    ['firehol', '-A OUTPUT -m limit --limit 1/s -j LOG --log-prefix "DROP INVALID OUTPUT:"'],
    ['arno-iptables-firewall', ':BASE_OUTPUT_CHAIN - [0:0]\n-A OUTPUT -j BASE_OUTPUT_CHAIN'],
    ['arno-iptables-firewall', '-A OUTPUT -j LOG --log-prefix "AIF:INET-OUTPUT denied: "'],
    ['csf', ':LOCALOUTPUT - [0:0]\n:LOGDROPOUT - [0:0]\n-A OUTPUT -j LOCALOUTPUT'],
    ['csf', '-A OUTPUT -j LOG --log-prefix "Firewall: *TCP_OUT Blocked* "'],
    ['docker', ':DOCKER-USER - [0:0]\n:DOCKER - [0:0]\n-A FORWARD -j DOCKER-USER'],
    ['fail2ban', ':f2b-sshd - [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd'],
  ])('knows %s by its chains or by what it logs', (name, lines) => {
    expect(briefly(server(iptables(lines)), facts([name]))).toEqual([`${name} active in iptables`]);
  });

  it.each([
    ['firewalld', 'inet', 'firewalld'],
    ['fail2ban', 'inet', 'f2b-table'],
    ['docker', 'ip', 'docker-bridges'],
  ])('knows %s by its nft table', (name, family, table) => {
    expect(briefly(server(nft(family, table)), facts([name]))).toEqual([`${name} active in nftables`]);
  });

  it('does not take names that only resemble', () => {
    const lines = ':myufw-before - [0:0]\n:DOCKERS - [0:0]\n:shorewall2 - [0:0]\n:out_web - [0:0]\n:f2bx - [0:0]';
    expect(findOwners(server(iptables(lines), nft('inet', 'firewalld2'), nft('ip', 'my-f2b-table')), null)).toEqual([]);
  });

  it('calls rules left over whose program is off or gone, and none in a dump', () => {
    const ruleset = server(iptables(':ufw-user-output - [0:0]\n:f2b-sshd - [0:0]'));
    expect(briefly(ruleset, facts([], ['ufw']))).toEqual(['ufw leftover in iptables', 'fail2ban leftover in iptables']);
    expect(briefly(ruleset, null)).toEqual(['ufw active in iptables', 'fail2ban active in iptables']);
  });

  it('says by what each is known', () => {
    const lines = ':DOCKER - [0:0]\n:DOCKER-USER - [0:0]\n:DOCKER-CT - [0:0]\n:DOCKER-BRIDGE - [0:0]';
    expect(findOwners(server(iptables(lines)), facts(['docker']))[0]?.evidence).toEqual([
      'docker runs',
      'iptables ip table filter has chains DOCKER, DOCKER-USER, DOCKER-CT and 1 more',
    ]);
  });

  it('knows direct rules of firewalld from what firewalld tells', () => {
    const directRules = parseDirectRules('ipv4 filter OUTPUT 0 -p tcp -j DROP\nipv4 filter OUTPUT 1 -j DROP\n', '');
    const [owner] = findOwners(server(iptables('-A OUTPUT -o lo -j DROP'), nft('inet', 'firewalld')), {
      ...facts(['firewalld']),
      directRules,
    });
    expect(owner?.layers).toEqual(['iptables', 'nftables']);
    expect(owner?.evidence).toContain('firewalld has direct rules in ip table filter, chain OUTPUT');
  });

  it('gives rules without a mark to a service that loads such rules, but not those of somebody else', () => {
    const ruleset = server(
      iptables(':ufw-before-output - [0:0]'),
      nft('inet', 'filter'),
      iptables('-A OUTPUT -j DROP', 'legacy'),
    );
    expect(briefly(ruleset, facts(['ufw', 'nftables', 'netfilter-persistent']))).toEqual([
      'ufw active in iptables',
      'netfilter-persistent active in iptables-legacy',
      'nftables active in nftables',
    ]);
    expect(briefly(ruleset, facts(['ufw'], ['nftables', 'ferm']))).toEqual(['ufw active in iptables']);
    expect(briefly(ruleset, facts(['ufw', 'ferm']))).toContain('ferm active in iptables-legacy');
  });

  it('takes no rules for those of ferm where the policies that it sets are not in force', () => {
    const byHand = server(iptables('-A OUTPUT -j DROP'));
    const { installed, directRules } = facts(['ferm']);
    const sets = (policy: 'accept' | 'drop'): OwnerFacts => ({
      installed: installed.map((one) => ({ ...one, policies: { INPUT: policy } })),
      directRules,
    });
    expect(briefly(byHand, sets('drop'))).toEqual([]);
    expect(briefly(byHand, sets('accept'))).toEqual(['ferm active in iptables']);
  });

  it('gives ferm the rules of iptables-legacy, where there are some: it takes that first', () => {
    const both = server(iptables('-A OUTPUT -j DROP'), iptables('-A OUTPUT -j DROP', 'legacy'));
    expect(briefly(both, facts(['ferm']))).toEqual(['ferm active in iptables-legacy']);
    expect(briefly(server(iptables('-A OUTPUT -j DROP')), facts(['ferm']))).toEqual(['ferm active in iptables']);
  });

  it('takes a generator that is installed for the maker of its rules, whether or not boot starts it', () => {
    const ruleset = server(iptables(':shorewall - [0:0]'));
    const [owner] = findOwners(ruleset, facts([], ['shorewall']));
    expect(owner).toMatchObject({ status: 'active', startsAtBoot: false, families: ['ip'] });
    expect(findOwners(ruleset, facts([]))[0]).toMatchObject({ status: 'leftover', startsAtBoot: false });
    expect(findOwners(ruleset, null)[0]).toMatchObject({ status: 'active', startsAtBoot: null });
  });
});

describe('summariseLayers', () => {
  it('names who says what passes in each layer, and who else has rules there', () => {
    const ruleset = server(iptables(':ufw-before-output - [0:0]\n:DOCKER - [0:0]'), nft('inet', 'mine'));
    const layers = summariseLayers(ruleset, findOwners(ruleset, facts(['ufw', 'docker'])));
    expect(layers.map(({ layer, manager, owners }) => ({ layer, manager, owners }))).toEqual([
      { layer: 'iptables', manager: 'ufw', owners: ['ufw', 'docker'] },
      { layer: 'nftables', manager: 'none', owners: [] },
    ]);
  });

  it('lets nobody manage a layer whose manager is off', () => {
    const ruleset = server(iptables(':ufw-before-output - [0:0]'));
    const [layer] = summariseLayers(ruleset, findOwners(ruleset, facts([], ['ufw'])));
    expect(layer).toMatchObject({ manager: 'none', owners: ['ufw'] });
  });
});

const firewalldOff = { name: 'firewalld', isOn: false, startsAtBoot: false, evidence: 'not running' };

describe('findOwnerFindings', () => {
  const findingsOf = (ruleset: Ruleset, known: OwnerFacts | null, standard: 'nft' | 'legacy' | null = 'nft') => {
    const owners = findOwners(ruleset, known);
    return findOwnerFindings({ owners, layers: summariseLayers(ruleset, owners), iptables: standard });
  };

  it('says nothing about rules made by hand', () => {
    expect(findingsOf(server(iptables('-A OUTPUT -j DROP')), facts([]))).toEqual([]);
  });

  it('warns of tables that plain iptables does not show', () => {
    const ruleset = server(nft('inet', 'mine'), iptables('-A OUTPUT -j DROP', 'legacy'));
    expect(findingsOf(ruleset, facts([]))).toEqual([
      expect.objectContaining({
        id: 'hidden-tables',
        severity: 'warning',
        evidence: ['iptables is iptables-nft on this server', 'iptables-legacy has tables for ip; rules on output: 1'],
        commands: [['iptables-legacy-save']],
      }),
    ]);
    expect(findingsOf(ruleset, facts([]), 'legacy')).toEqual([]);
    expect(findingsOf(ruleset, null, null)).toEqual([]);
  });

  it('says whose tables plain iptables does not show, where that is known', () => {
    const [hidden] = findingsOf(server(iptables('-A OUTPUT -j DROP', 'legacy')), facts(['ferm']));
    expect(hidden?.advice).toBe('Look at them with iptables-legacy-save. They are made by ferm.');
  });

  it('says in the words of a generator where what lasts is to be written, and warns where boot does not start it', () => {
    const ruleset = server(iptables(':shorewall - [0:0]'));
    const [anew, ...others] = findingsOf(ruleset, facts(['shorewall']));
    expect(others).toEqual([]);
    expect(anew?.title).toContain('each start of shorewall writes all its tables anew');
    expect(anew?.advice).toContain('To let loopback through: put the line "ACCEPT $FW $FW" first into');
    expect(findingsOf(ruleset, facts([], ['shorewall'])).map(({ id }) => id)).toEqual([
      'not-at-boot',
      'rules-made-anew',
    ]);
  });

  it('says whose rules beside its own a generator takes away, in the same layer', () => {
    const docker = iptables(':DOCKER - [0:0]');
    const adviceOf = (ruleset: Ruleset) => findingsOf(ruleset, facts(['shorewall', 'docker'])).at(-1)?.advice;
    expect(adviceOf(server(iptables(':shorewall - [0:0]'), docker))).toMatch(
      /The rules of docker beside it go as well/,
    );
    expect(adviceOf(server(iptables(':shorewall - [0:0]', 'legacy'), docker))).not.toMatch(/beside it/);
  });

  it('does not say of leftover rules that nobody will make them again, where boot will', () => {
    const known = { directRules: [], installed: [{ ...firewalldOff, startsAtBoot: true }] };
    const adviceOf = (given: OwnerFacts) => findingsOf(server(nft('inet', 'firewalld')), given)[0]?.advice;
    expect(adviceOf(known)).toMatch(/^The next boot starts firewalld, which makes its rules anew then/);
    expect(adviceOf(facts([], ['firewalld']))).toMatch(/^Nobody looks after them/);
  });

  it('warns of two programs that both say what passes, and says who makes rules anew', () => {
    const ruleset = server(iptables(':ufw-before-output - [0:0]'), nft('inet', 'firewalld'));
    const findings = findingsOf(ruleset, facts(['ufw'], ['firewalld']));
    expect(findings.map(({ id, title }) => `${id}: ${title}`)).toEqual([
      'several-owners: More than one program says here what passes: ufw, firewalld.',
      'leftover-rules: Rules of firewalld are in force although it is off.',
      'rules-made-anew: ufw looks after rules here: ufw reload makes the ufw chains anew from its files.',
    ]);
    expect(findings[0]?.evidence).toEqual([
      'ufw (active): rules in iptables',
      'firewalld (leftover): rules in nftables',
    ]);
  });
});
