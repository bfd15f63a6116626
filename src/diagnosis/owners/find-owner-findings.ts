// What follows from who made the rules: what is left over, what is hidden, and who will write over a rule made by hand.
import { wayToLast } from '../../firewall/fix/place/generated-policies.ts';
import type { Finding } from '../finding.ts';
import type { Layer } from '../inspect/layers.ts';
import type { RuleOwner } from './find-owners.ts';

type Facts = {
  readonly owners: readonly RuleOwner[];
  readonly layers: readonly Layer[];
  readonly iptables: 'nft' | 'legacy' | null;
};

const findHidden = ({ layers, owners, iptables }: Facts): Finding | null => {
  const other = iptables === 'nft' ? 'legacy' : 'nft';
  const hidden = iptables === null ? undefined : layers.find(({ variant }) => variant === other);
  if (hidden === undefined) return null;
  const makers = owners.filter(({ name, status }) => status === 'active' && hidden.owners.includes(name));
  const whose =
    makers.length > 0
      ? `They are made by ${makers.map(({ name }) => name).join(' and ')}.`
      : 'If nobody needs them, they are left over from before a change of variant.';
  return {
    id: 'hidden-tables',
    severity: 'warning',
    title: `Rules of iptables-${other} are in force that plain iptables neither shows nor changes here.`,
    evidence: [
      `iptables is iptables-${iptables} on this server`,
      `iptables-${other} has tables for ${hidden.families.join(' and ')}; rules on output: ${hidden.outputRules}`,
    ],
    advice: `Look at them with iptables-${other}-save. ${whose}`,
    commands: [[`iptables-${other}-save`]],
  };
};

const findLeftovers = ({ owners }: Facts): Finding[] =>
  owners
    .filter(({ status }) => status === 'leftover')
    .map(({ name, evidence, startsAtBoot }) => ({
      id: 'leftover-rules',
      severity: 'notice',
      title: `Rules of ${name} are in force although it is off.`,
      evidence,
      advice: startsAtBoot
        ? `The next boot starts ${name}, which makes its rules anew then. Until then nobody looks after these.`
        : `Nobody looks after them: ${name} will neither change nor load them again. Find out whether they are still wanted.`,
      commands: [],
    }));

const findOverwriting = ({ owners }: Facts): Finding[] =>
  owners.flatMap((owner) =>
    owner.overwrites === null
      ? []
      : [
          {
            id: 'rules-made-anew',
            severity: 'notice',
            title: `${owner.name} looks after rules here: ${owner.overwrites}.`,
            evidence: owner.evidence,
            advice: [adviseLasting(owner.name), ...adviseBeside(owner, owners)].join(' '),
            commands: [],
          },
        ],
  );

const adviseLasting = (name: string): string => {
  const way = wayToLast(name);
  const general = `A change that is to last has to be made in the configuration of ${name}`;
  return way === null ? `${general}.` : `${general}. To let loopback through: ${way}.`;
};

/** A generator takes away what Docker and fail2ban have in its tables, too. */
const adviseBeside = ({ name, layers }: RuleOwner, owners: readonly RuleOwner[]): string[] => {
  if (wayToLast(name) === null) return [];
  const beside = owners.filter(
    (other) =>
      other.part === 'chains' && other.status === 'active' && other.layers.some((layer) => layers.includes(layer)),
  );
  const names = beside.map((other) => other.name).join(' and ');
  return beside.length === 0 ? [] : [`The rules of ${names} beside it go as well then: after it, restart ${names}.`];
};

const findNotAtBoot = ({ owners }: Facts): Finding[] =>
  owners
    .filter(({ part, status, startsAtBoot }) => part === 'policy' && status === 'active' && startsAtBoot === false)
    .map(({ name, evidence }) => ({
      id: 'not-at-boot',
      severity: 'warning',
      title: `The rules of ${name} are in force, and the next boot does not start it.`,
      evidence,
      advice: `After the next boot the server has none of these rules unless something else loads them. If ${name} is to stay, have it started at boot.`,
      commands: [],
    }));

const findSeveral = ({ owners }: Facts): Finding | null => {
  const deciding = owners.filter(({ part }) => part === 'policy');
  if (deciding.length < 2) return null;
  return {
    id: 'several-owners',
    severity: 'warning',
    title: `More than one program says here what passes: ${deciding.map(({ name }) => name).join(', ')}.`,
    evidence: deciding.map(({ name, status, layers }) => `${name} (${status}): rules in ${layers.join(' and ')}`),
    advice: 'A packet has to pass all of them. Keep one, and let it say everything.',
    commands: [],
  };
};

/** The findings about the owners of a server's rules. */
export const findOwnerFindings = (facts: Facts): Finding[] =>
  [
    findHidden(facts),
    findSeveral(facts),
    ...findNotAtBoot(facts),
    ...findLeftovers(facts),
    ...findOverwriting(facts),
  ].filter((finding) => finding !== null);
