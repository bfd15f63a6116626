// The shape of each document that a command prints (docs/contract.md). docs/schemas/ is made from it.
import { z } from 'zod';
import {
  conversation,
  doc,
  family,
  finding,
  nextBoot,
  outcome,
  plannedCommand,
  port,
  proof,
  remaining,
  rule,
  texts,
  time,
} from './parts.ts';

const check = doc('check', {
  host: z.string(),
  time,
  layers: z.array(
    z.looseObject({
      layer: z.enum(['iptables', 'nftables']),
      variant: z.enum(['nft', 'legacy']).nullable(),
      families: z.array(family),
      manager: z.string(),
      owners: texts,
      outputRules: z.int().min(0),
    }),
  ),
  owners: z.array(z.looseObject({ name: z.string(), status: z.enum(['active', 'leftover']) })),
  loopback: z.looseObject({
    ip: outcome,
    ip6: outcome,
    own: outcome,
    partly: z.array(
      z.looseObject({
        kind: z.enum(['ip', 'ip6', 'own']),
        protocol: z.enum(['tcp', 'udp', 'icmp']),
        destination: z.string(),
        ports: z.array(port).nullable().describe('null: whatever the port'),
        users: z
          .array(z.looseObject({ uid: z.int().min(0), gid: z.int().min(0).nullable() }))
          .nullable()
          .describe('null: whoever calls'),
        rule: rule.nullable(),
      }),
    ),
  }),
  notInDump: texts.optional(),
  finalRule: z.array(
    rule.extend({
      variant: z.enum(['nft', 'legacy']).nullable(),
      action: z.enum(['accept', 'drop', 'reject', 'unknown']),
      logs: z.enum(['yes', 'no', 'maybe']),
    }),
  ),
  nextBoot,
  findings: z.array(finding),
});

const trace = doc('trace', {
  conversation,
  outcome: z.enum(['works', 'blocked', 'unknown']),
  logged: z.enum(['yes', 'no', 'maybe']),
  sentAway: z.array(z.looseObject({ rule })).optional(),
  stoppedAt: z.looseObject({ packet: z.string(), hook: z.string(), rule, verdict: z.string() }).nullable(),
  unknown: z.array(z.looseObject({ rule, what: z.string(), settledBy: z.string() })),
  inTheWay: z.array(finding).optional(),
  notInDump: texts.optional(),
  packets: z.array(
    z.looseObject({
      packet: z.string(),
      hooks: z.array(
        z.looseObject({
          hook: z.string(),
          verdict: z.enum(['accept', 'drop', 'reject', 'unknown']),
          rules: z.array(rule.extend({ match: z.enum(['yes', 'no', 'unknown']), unknown: texts.optional() })),
          omitted: z.int().min(1).optional(),
        }),
      ),
    }),
  ),
});

const entry = doc('entry', {
  line: z.string(),
  entry: z
    .looseObject({
      time: z.string().nullable(),
      host: z.string().nullable(),
      prefix: z.string().nullable(),
      in: z.string().nullable(),
      out: z.string().nullable(),
      src: z.string().nullable(),
      dst: z.string().nullable(),
      proto: z.union([z.string(), z.int()]).nullable(),
      spt: port.nullable(),
      dpt: port.nullable(),
      uid: z.int().nullable(),
      loopback: z.boolean(),
      direction: z.string(),
      service: z.string().nullable(),
    })
    .nullable()
    .describe('null: the line is no netfilter line'),
});

const logs = doc('logs', {
  files: texts,
  bytes: z.int().min(0),
  lines: z.int().min(0),
  entries: z.int().min(0),
  first: time.nullable(),
  last: time.nullable(),
  groups: z.array(
    z.looseObject({
      loopback: z.boolean(),
      out: z.string().nullable(),
      in: z.string().nullable(),
      proto: z.union([z.string(), z.int()]).nullable(),
      dst: z.string().nullable(),
      service: z.string().nullable(),
      port: port.nullable(),
      prefix: z.string().nullable(),
      count: z.int().min(1),
      first: time.nullable(),
      last: time.nullable(),
    }),
  ),
});

const fix = doc('fix', {
  case: z.string(),
  result: z.enum([
    'nothing-to-do',
    'dry-run',
    'waits',
    'waits-unverified',
    'kept',
    'kept-unverified',
    'not-applied',
    'no-cure',
    'cant-tell',
    'rolled-back',
  ]),
  ownersWords: z.array(z.unknown()),
  commands: z.array(plannedCommand),
  undo: z.array(plannedCommand),
  proof,
  remaining,
  staysBroken: z.array(z.unknown()),
  attempts: z.array(z.looseObject({ kind: z.string() })),
  saved: z.looseObject({ files: texts, nextBoot: z.enum(['passes', 'blocked', 'unknown']), advice: texts }).nullable(),
  nextBoot,
  inTheWay: z.array(finding.extend({ outcome: z.string() })),
  doubts: z.array(z.looseObject({ what: z.string(), settledBy: z.string(), rule })),
});

const rehearsal = doc('rehearsal', {
  case: z.string().nullable(),
  result: z.enum(['works', 'never-seen', 'stayed', 'nothing-to-rehearse']),
  armedBy: z.enum(['systemd', 'process']).nullable(),
  wait: z.number().nullable(),
  seconds: z.number().nullable(),
  listings: texts,
  log: texts,
  commands: z.array(plannedCommand),
  undo: z.array(plannedCommand),
});

const confirm = doc('confirm', {
  case: z.string(),
  outcome: z.enum(['kept', 'rolled-back', 'rollback-failed']),
  files: texts,
  nextBoot: z.enum(['passes', 'blocked', 'unknown']).nullable(),
  proof: z.string().nullable(),
  advice: texts.describe('what is left to do by hand'),
});

const undo = doc('undo', {
  case: z.string(),
  outcome: z.literal('taken-back'),
  files: texts,
  compared: z.array(z.looseObject({ path: z.string(), backup: z.string().nullable(), isAsBefore: z.boolean() })),
});

const report = doc('report', {
  case: z.string(),
  host: z.string(),
  begun: time,
  outcome: z.enum([
    'healthy',
    'fixed',
    'kept-unverified',
    'rolled-back',
    'rollback-failed',
    'unfixed',
    'not-the-firewall',
    'unexplained',
    'cant-tell',
    'could-not-look',
  ]),
  loopback: z.looseObject({ ip: outcome, ip6: outcome, own: outcome }).nullable(),
  findings: z.array(finding),
  attempts: z.array(z.looseObject({ kind: z.string() })),
  fix: z.looseObject({ commands: z.array(plannedCommand), undo: z.array(plannedCommand), proof, remaining }).nullable(),
  history: z.array(z.looseObject({ at: time })),
});

const level = z.enum(['easy', 'medium', 'hard', 'nasty']);

const scenarios = doc('scenarios', {
  scenarios: z.array(
    z.looseObject({
      id: z.string(),
      title: z.string(),
      level,
      lesson: z.string(),
      symptom: z.string(),
      command: z.string(),
      solvedAt: time.nullable().describe('null: not yet, as far as it is kept'),
    }),
  ),
});

const debriefs = doc('debriefs', {
  debriefs: z.array(
    z.looseObject({
      scenario: z.string(),
      at: time,
      solvedAt: time.nullable(),
      tries: z.int().min(1),
      outcome: z.string(),
      isSolved: z.boolean().describe('of the last try'),
      isDecoy: z.boolean(),
      hints: z.int().min(0),
      found: texts,
      missed: texts,
      cause: z.string(),
      lesson: z.string(),
      byHand: texts.describe('commands'),
    }),
  ),
});

/** By the name that `lo-doctor schema` takes. */
export const DOCUMENTS = {
  check,
  trace,
  entry,
  logs,
  fix,
  rehearsal,
  confirm,
  undo,
  report,
  scenarios,
  debriefs,
} as const;
