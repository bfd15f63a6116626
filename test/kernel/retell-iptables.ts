// The practice server speaks as iptables 1.8.9 does. What a newer one says in other words, so that the two can be compared anywhere.
import { IPTABLES_VERSION } from '../../src/host/practice/programs/iptables.ts';

/** Protocols of `-L -n` by number: 1.8.9 prints numbers, later ones names. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  0: 'all',
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  50: 'esp',
  58: 'ipv6-icmp',
};

/** `ACCEPT     6    --  0.0.0.0/0 …`, `1    ACCEPT     6    --`, `    0        0 ACCEPT     6    --`. */
const LISTED = /^((?: *\d+ +(?:\d+ )?)?\S* +)(\d+) {2,4}(?=(?:--|-f|!f) )/gm;

/** What 1.8.10 and 1.8.11 say otherwise, by 1.8.9's words. */
const SINCE: readonly (readonly [said: RegExp, now: string])[] = [
  [/Can't use -i with (\w+)\n\n/g, "Can't use --in-interface with $1\n"],
  [/Can't use -o with (\w+)\n\n/g, "Can't use --out-interface with $1\n"],
  [/must be shorter than IFNAMSIZ \(15\)/g, 'must be shorter than 16 characters'],
  [/multiple -j flags not allowed/g, 'multiple --jump options not allowed'],
  [
    /^(ip6?tables) v\S+ \(nf_tables\): chain `\S+' in table `\S+' is incompatible, use 'nft' tool\.$/gm,
    '$1: No chain/target/match by that name.',
  ],
];

/** What 1.8.9 says, in the words of the version given by `iptables -V`; the words themselves where that is 1.8.9 or older. */
export function retellIptables(text: string, versionLine: string): string {
  const version = /v(\d+)\.(\d+)\.(\d+) \(nf_tables\)/.exec(versionLine);
  if (version === null || Number(version[3]) <= 9) return text;
  const listed = text.replace(
    LISTED,
    (_, before: string, number: string) => `${before}${(PROTOCOLS[number] ?? number).padEnd(4)} `,
  );
  const told = SINCE.reduce((words, [said, now]) => words.replace(said, now), listed);
  return told.replaceAll(IPTABLES_VERSION, version[0]);
}
