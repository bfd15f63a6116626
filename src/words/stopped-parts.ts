// Which loopback conversations a rule stops, and for whom, in words.
import type { StoppedPart, TriedUser } from '../diagnosis/judge-loopback.ts';
import { SOME_USER } from '../firewall/probe-conversations.ts';
import { enumerate, enumerateFew, nameRule } from './rules.ts';

/** More ports than these are counted. */
const NAMED_PORTS = 6;

const nameUser = ({ uid, gid }: TriedUser): string => {
  if (gid === null) return uid === 0 ? 'root' : `uid ${uid}`;
  return gid === SOME_USER ? 'every user that no rule names' : `gid ${gid}`;
};

/** `TCP to port 25`, `UDP to every port tried for uid 33`. */
export const nameStoppedPart = ({ protocol, ports, users }: StoppedPart): string => {
  const name = protocol.toUpperCase();
  const where =
    ports === null
      ? `${name} to any port`
      : `${name} to port${ports.length === 1 ? '' : 's'} ${enumerateFew(ports.map(String), NAMED_PORTS)}`;
  return users === null ? where : `${where} for ${enumerate(users.map(nameUser))}`;
};

/** One phrase for each rule: `TCP to port 25 by rule 1 of OUTPUT (iptables, IPv4)`; what is stopped to several addresses is said once. */
export const tellStoppedParts = (stopped: readonly StoppedPart[]): string[] => [
  ...new Set(
    stopped.map((part) => `${nameStoppedPart(part)}${part.rule === null ? '' : ` by ${nameRule(part.rule)}`}`),
  ),
];
