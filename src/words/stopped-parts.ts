// Which loopback conversations a rule stops, and for whom, in words.

import type { StoppedPart, TriedUser } from '../diagnosis/inspect/judge-loopback.ts';
import { SOME_USER } from '../firewall/questions/probe-conversations.ts';
import { enumerate, enumerateFew } from '../naming/numbers.ts';
import { nameRule } from '../naming/rules.ts';

/** More ports than these are counted. */
const NAMED_PORTS = 6;

const nameUser = ({ uid, gid, name }: TriedUser): string => {
  if (gid === null) return uid === 0 ? 'root' : name === undefined ? `uid ${uid}` : `${name} (uid ${uid})`;
  return gid === SOME_USER ? 'every user that no rule names' : `gid ${gid}`;
};

/** `TCP to port 25`, `UDP to any port for uid 33`. */
const nameStoppedPart = ({ protocol, ports, users }: StoppedPart, also: readonly string[] = []): string => {
  const name = enumerate([protocol, ...also].map((one) => one.toUpperCase()));
  const where =
    ports === null
      ? `${name} to any port`
      : `${name} to port${ports.length === 1 ? '' : 's'} ${enumerateFew(ports.map(String), NAMED_PORTS)}`;
  if (users === null) return where;
  const only = users.some(({ uid }) => uid === 0) ? '' : ' only';
  return `${where} for ${enumerate(users.map(nameUser))}${only}`;
};

/** One phrase for each rule: `TCP to port 25 by rule 1 of OUTPUT (iptables, IPv4)`; what is stopped to several addresses is said once. */
export const tellStoppedParts = (stopped: readonly StoppedPart[]): string[] => [
  ...new Set(
    togetherByProtocol(stopped).map(({ part, also }) => {
      const by = part.rule === null ? '' : ` by ${nameRule(part.rule)}`;
      return `${nameStoppedPart(part, also)}${by}${part.rootPasses ? '; root passes' : ''}`;
    }),
  ),
];

/** The same without the rules, for a title. */
export const nameStoppedParts = (stopped: readonly StoppedPart[]): string[] => [
  ...new Set(togetherByProtocol(stopped).map(({ part, also }) => nameStoppedPart(part, also))),
];

/** What is stopped for some users only is the same for TCP and UDP as a rule: it is said once. */
const togetherByProtocol = (stopped: readonly StoppedPart[]) => {
  const key = ({ protocol, destination, ports, users, rule }: StoppedPart) =>
    users === null
      ? [protocol, destination, ports, rule?.number, rule?.chain, rule?.table, rule?.family]
      : ['', destination, ports, users, rule?.number, rule?.chain, rule?.table, rule?.family];
  return [...Map.groupBy(stopped, (part) => JSON.stringify(key(part))).values()].flatMap((alike) => {
    const [part, ...others] = alike;
    if (part === undefined) return [];
    return [
      {
        part: { ...part, rootPasses: alike.some(({ rootPasses }) => rootPasses) },
        also: [...new Set(others.map(({ protocol }) => protocol))].filter((one) => one !== part.protocol),
      },
    ];
  });
};
