// What several documents are made of. Objects are open: a document may get more fields without a new schema number.
import { z } from 'zod';

export const doc = <S extends z.ZodRawShape>(name: string, shape: S) =>
  z.looseObject({ schema: z.literal(`lo-doctor.${name}/1`), ...shape });

export const texts = z.array(z.string());
export const command = z.array(z.string()).min(1).describe('an argument vector, run without a shell');
export const plannedCommand = z.looseObject({ command, input: z.string().optional().describe('standard input') });
export const port = z.int().min(0).max(65535);
export const time = z.iso.datetime({ offset: true });
export const family = z.enum(['ip', 'ip6', 'inet', 'netdev', 'arp', 'bridge']);

export const rule = z.looseObject({
  layer: z.enum(['iptables', 'nftables']),
  family,
  table: z.string(),
  chain: z.string(),
  number: z.int().min(0).describe('its place in its chain from 1; 0: the policy'),
  text: z.string(),
  origin: z.string().optional().describe('what its owner calls it'),
});

export const conversation = z.looseObject({
  protocol: z.enum(['tcp', 'udp', 'icmp']),
  source: z.string(),
  destination: z.string(),
  sourcePort: port.nullable(),
  destinationPort: port.nullable(),
  uid: z.int().min(0),
});

export const outcome = z
  .enum(['works', 'blocked', 'partly', 'unknown', 'absent', 'not-in-dump'])
  .describe('absent: there is no such address; not-in-dump: the dumps hold nothing that could tell');

export const finding = z.looseObject({
  id: z.string().describe('stable; its meaning stands in docs/findings.md'),
  severity: z.enum(['problem', 'warning', 'notice']),
  title: z.string(),
  evidence: texts,
  advice: z.string(),
  commands: z.array(command),
});

export const nextBoot = z
  .looseObject({ loopback: z.enum(['passes', 'blocked', 'unknown']), reasons: texts })
  .nullable()
  .describe('null: it was not looked at');

export const proof = z
  .looseObject({ holds: z.boolean(), packets: z.int().min(0), hooks: texts, statement: z.string() })
  .nullable();

export const remaining = z.array(z.looseObject({ conversation, why: z.string() }));
