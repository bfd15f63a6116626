// Reads a server and parses what it says: the facts that an inspection judges.
import type { ServerFacts } from '../diagnosis/inspect/inspect.ts';
import type { Listener } from '../diagnosis/listener.ts';
import { findDirectRules } from '../firewall/firewalld/direct-rule.ts';
import { parseIptablesSave } from '../firewall/iptables/read/parse-iptables-save.ts';
import { combineLayers, isTorn } from '../firewall/model/combine-layers.ts';
import type { Ruleset } from '../firewall/model/model.ts';
import { ParseError } from '../firewall/model/parse-error.ts';
import { parseNftRuleset } from '../firewall/nftables/read/parse-nft-ruleset.ts';
import { namedUsers } from '../firewall/questions/probe-conversations.ts';
import { type KnownRule, withOrigins } from '../firewall/questions/with-origins.ts';
import { findUfwRules } from '../firewall/ufw/find-ufw-rules.ts';
import { type Host, HostError } from '../host/host.ts';
import { readUsers } from '../host/limits/read-users.ts';
import { findLogSources } from '../host/logs/log-source.ts';
import { readLoopbackWay } from '../host/network/read-loopback-way.ts';
import { readOwnAddresses } from '../host/network/read-own-addresses.ts';
import { readListeners } from '../host/network/who-listens.ts';
import { readFacts } from '../host/rules/read-facts.ts';
import { type FirewallDump, readFirewall } from '../host/rules/read-firewall.ts';
import type { Managers } from '../host/rules/read-managers.ts';

/** What the dumps of all layers say together. A HostError for what one of the tools printed and nobody can read. */
export const parseDumps = (dumps: readonly FirewallDump[]): Ruleset => combineLayers(parseLayers(dumps));

const parseLayers = (dumps: readonly FirewallDump[]): Layers => {
  try {
    return readLayers(dumps);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new HostError(`The rules of this server can't be read as they were printed. ${error.message}`, {
      nextSteps: [
        'Without all rules nothing can be said for sure, so nothing is said and nothing changed.',
        'If that tool is out of date, update it; else please report the line.',
      ],
    });
  }
};

type Layers = Parameters<typeof combineLayers>[0];

const readLayers = (dumps: readonly FirewallDump[]): Layers => ({
  iptables: dumps.flatMap((dump) =>
    dump.layer === 'iptables'
      ? parseIptablesSave(dump.text, {
          file: `${dump.family}tables-save`,
          family: dump.family,
          variant: dump.variant,
        })
      : [],
  ),
  nft: dumps.flatMap((dump) =>
    dump.layer === 'nftables' ? parseNftRuleset(dump.text, { file: 'nft -j list ruleset' }) : [],
  ),
});

/** The rules whose owners say what they call them. */
const findKnownRules = ({ ufw, directRules }: Managers): KnownRule[] => [
  ...(ufw === null ? [] : findUfwRules(ufw)),
  ...findDirectRules(directRules),
];

const readWay = async (host: Host, services: Promise<readonly Listener[] | null>) => {
  const [own, listeners] = await Promise.all([readOwnAddresses(host), services]);
  return readLoopbackWay(host, { own, listening: (listeners ?? []).map(({ address }) => address) });
};

/** So often the rules are read anew while somebody changes them between the tools' looks. */
const MOST_READINGS = 4;
const PAUSE = 100;

/** The rules as both tools show them at one moment; where they never do, as they were shown last. */
const readAtOnce = async (host: Host) => {
  for (let readings = 1; ; readings += 1) {
    const reading = await readFirewall(host);
    const layers = parseLayers(reading.dumps);
    if (readings === MOST_READINGS || !isTorn(layers)) return { reading, layers };
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
};

/** The rules first: they say what else has to be read. */
const readWithFacts = async (host: Host) => {
  const { reading, layers } = await readAtOnce(host);
  return { reading, layers, facts: await readFacts(host, reading.dumps) };
};

/** Reads the rules, addresses and services of a server. Throws a HostError where it may not or can't. */
export const readServer = async (host: Host): Promise<ServerFacts> => {
  const services = readListeners(host);
  const [{ reading, layers, facts }, listeners, sources, way] = await Promise.all([
    readWithFacts(host),
    services,
    findLogSources(host),
    readWay(host, services),
  ]);
  const ruleset = withOrigins(combineLayers(layers), findKnownRules(reading.managers));
  const users = await readUsers(host, namedUsers(ruleset));
  return {
    host: host.name,
    facts,
    ruleset,
    users: new Map(users.map(({ uid, name }) => [uid, name])),
    ownAddresses: reading.ownAddresses,
    listeners,
    iptables: reading.iptables,
    lock: reading.lock,
    ownerFacts: reading.managers,
    // A file that is only expected holds nothing as long as no daemon writes it.
    logs: sources.flatMap((source) => (source.kind === 'file' && source.state === 'missing' ? [] : [source.id])),
    way,
    dump: null,
  };
};
