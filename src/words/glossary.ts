// The words of the field in plain words: the one source for the wizard's "why" and for docs/glossary.md.
import type { FindingId } from '../diagnosis/finding-ids.ts';
import { type Block, span, text, withGaps } from './page.ts';

/** Each term: what it is called, and what it means to whoever meets it for the first time. */
export const GLOSSARY = {
  loopback: {
    name: 'Loopback, lo',
    means:
      'A network device that every server has for talking to itself. What is sent by lo never reaches a cable: it comes back in on the same server. Programs use it to reach a mail server, a database or a web server beside them at 127.0.0.1 or ::1, without knowing which one is installed.',
  },
  'own-address': {
    name: "The server's own address",
    means:
      'A packet from a server to one of its own addresses goes over lo as well, whatever device that address belongs to. So a policy that stops lo also stops a site that calls itself by its public name.',
  },
  'outbound-policy': {
    name: 'Outbound policy',
    means:
      'The rules that decide what may leave this server: the chain OUTPUT, or in nft a chain on the hook output. They are read from the first to the last, and the first one that fits and decides has the say. Packets on lo pass through it too.',
  },
  'final-rule': {
    name: 'Final rule',
    means:
      'The rule that takes all that no rule before it has let through, or the policy of the chain where there is no such rule. With an outbound policy it drops or rejects. What was not thought of ends there, and that is where loopback is lost as a rule.',
  },
  order: {
    name: 'Why the place counts',
    means:
      'A permit behind the rule that drops is never reached. It has to stand before it; where before it does not matter, as long as no rule between them is meant to stop some of loopback.',
  },
  replies: {
    name: 'Why replies count',
    means:
      'A conversation needs both directions: the service answers from its own port, and over lo the answer leaves by OUTPUT and comes in by INPUT just as the question did. Where replies are stopped, the question arrives and the program waits all the same. A rule for RELATED,ESTABLISHED lets answers pass.',
  },
  'permit-all': {
    name: 'Why permitting all of lo is a small risk',
    means:
      'Only programs on this server can send by lo. Whoever could misuse the permit is on the server already, and could then do worse. A permit for one port is narrower, and the next local service fails in the same way. Rules that stop some of loopback on purpose, for one user or one port, are a reason to choose the narrow one.',
  },
  logging: {
    name: 'Log rule',
    means:
      'A dropping rule tells nobody. A LOG rule right before it writes a line about each packet and lets it go on to the next rule: it changes no verdict. Behind the rule that drops it is never reached.',
  },
  silence: {
    name: 'No entry',
    means:
      'That nothing was logged does not mean that nothing was dropped: the rule may not log, a limit may have been used up, or the line went to another file.',
  },
  'drop-reject': {
    name: 'Drop and reject',
    means:
      'A dropped packet vanishes, and the program waits until its patience ends. A rejected one is answered with an error, and the program fails at once.',
  },
  nat: {
    name: 'NAT',
    means:
      'Rules that change where a packet goes or whom it comes from. A packet that no rule drops can fail all the same, where it is sent to a port at which nobody listens.',
  },
  'by-hand': {
    name: 'The rule by hand',
    means:
      'iptables -I OUTPUT 6 -o lo -j ACCEPT: insert (-I) as rule 6 of OUTPUT, for packets that leave by lo (-o lo), and let them pass (-j ACCEPT). In nft: insert rule inet filter output index 5 oifname "lo" accept. IPv6 has rules of its own in ip6tables. A rule that is added by hand is gone after a reboot unless it is saved.',
  },
  trial: {
    name: 'On trial',
    means:
      'A fix is applied only after a rollback has been armed outside of lo-doctor. Unless it is kept in time, it is taken back: silence, a lost connection and a crash all lead back to how it was.',
  },
  evaluated: {
    name: 'By the rules, and tried',
    means:
      '"By the rules" is worked out: a conversation was followed through the rules as they were read, and nothing was sent. "Tried" was done: a connection was opened or a command was run, and what is told is what came of it.',
  },
} as const satisfies Record<string, { readonly name: string; readonly means: string }>;

export type Term = keyof typeof GLOSSARY;

export const TERMS = Object.keys(GLOSSARY) as readonly Term[];

/** What a finding's "why" explains beside loopback itself. */
const OF_FINDINGS: Partial<Record<FindingId, readonly Term[]>> = {
  'loopback-blocked': ['outbound-policy', 'final-rule', 'permit-all', 'evaluated'],
  'loopback-partly': ['outbound-policy', 'order', 'permit-all', 'evaluated'],
  'loopback-unknown': ['evaluated'],
  'drops-not-logged': ['logging', 'silence'],
  'log-after-drop': ['logging', 'order'],
  'nothing-logged': ['silence', 'logging'],
  'counted-without-entry': ['silence', 'logging'],
  'log-rule-not-reached': ['logging', 'order'],
  'log-limit-used-up': ['silence'],
  'nat-changes-sender': ['nat', 'replies'],
  'nat-redirects': ['nat'],
  'nat-dead-end': ['nat'],
  redirected: ['nat'],
  'nat-leaves-loopback': ['nat'],
  'no-answer': ['drop-reject'],
  'nobody-listens': ['drop-reject'],
  'blocked-elsewhere': ['outbound-policy'],
  'outside-blocked': ['outbound-policy'],
};

/** The terms behind findings, each once; loopback comes first. */
export const termsOf = (findings: readonly { readonly id: FindingId }[], also: readonly Term[] = []): Term[] => [
  ...new Set<Term>(['loopback', ...also, ...findings.flatMap(({ id }) => OF_FINDINGS[id] ?? [])]),
];

/** Terms as blocks. */
export const tellTerms = (terms: readonly Term[]): Block[] =>
  withGaps(terms.map((term) => [text(span('strong', `${GLOSSARY[term].name}. `), GLOSSARY[term].means)]));

/** The glossary as a document. */
export const glossaryDocument = (): string =>
  [
    '# Glossary',
    '',
    'The words that the wizard uses, as its own "why" (`w`) tells them. Made from `words/glossary.ts`; a test holds them equal.',
    ...TERMS.flatMap((term) => ['', `## ${GLOSSARY[term].name}`, '', GLOSSARY[term].means]),
    '',
  ].join('\n');
