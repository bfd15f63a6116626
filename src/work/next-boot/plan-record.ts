// What a fix has to put into the files of the next boot, kept beside its case: another process may be the one that keeps it.
import * as z from 'zod';
import { readRecord, writeRecord } from '../../host/files/write-record.ts';
import { type Host, HostError } from '../../host/host.ts';
import type { BootPlan } from './save-plan.ts';

const NAME = 'plan.json';

const planned = z.object({ command: z.tuple([z.string()], z.string()), input: z.string().exactOptional() });
const choice = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('all-but-guarded') }),
  z.object({
    kind: z.literal('services'),
    services: z.array(z.object({ protocol: z.enum(['tcp', 'udp', 'icmp']), port: z.number().nullable() })),
  }),
]);
const conversation = z.object({
  protocol: z.enum(['tcp', 'udp', 'icmp']),
  source: z.string(),
  destination: z.string(),
  sourcePort: z.number().nullable(),
  destinationPort: z.number().nullable(),
  uid: z.number(),
  gid: z.number().nullable().exactOptional(),
});

const record = z.object({
  schema: z.literal('lo-doctor.plan/1'),
  bootInsertions: z.array(
    z.object({
      family: z.enum(['ip', 'ip6']),
      table: z.string(),
      chain: z.string(),
      beforeRuleText: z.string().nullable(),
      ruleText: z.string(),
      file: z.string().exactOptional(),
    }),
  ),
  nftInsertions: z.array(
    z.object({
      family: z.enum(['ip', 'ip6', 'inet', 'netdev', 'arp', 'bridge']),
      table: z.string(),
      chain: z.string(),
      followedBy: z.array(z.string()),
      statement: z.string(),
    }),
  ),
  ownersFiles: z.array(z.string()),
  bootAdvice: z.array(z.string()).default([]),
  bootCommands: z.array(planned),
  choice: choice.default({ kind: 'all' }),
  repaired: z.array(conversation).default([]),
  undo: z.array(planned).default([]),
});

/** Keeps what `keep` will need of a plan. */
export const writePlanRecord = async (host: Host, caseId: string, plan: BootPlan): Promise<void> => {
  const { choice, repaired, undo, bootInsertions, nftInsertions, bootCommands, ownersFiles, bootAdvice } = plan;
  const toSave = { bootInsertions, nftInsertions, bootCommands, ownersFiles, bootAdvice };
  const document = { schema: 'lo-doctor.plan/1', choice, repaired, undo, ...toSave };
  await writeRecord(host, caseId, NAME, `${JSON.stringify(document)}\n`);
};

/** What was kept; a HostError where there is nothing, or nothing that this version can read. */
export const readPlanRecord = async (host: Host, caseId: string): Promise<BootPlan> => {
  const text = await readRecord(host, caseId, NAME);
  try {
    return record.parse(JSON.parse(text ?? ''));
  } catch {
    throw new HostError(`What case ${caseId} has to save for the next boot can't be read.`, {
      nextSteps: [
        'The fix is in force. To save it, use the way of your distribution, such as netfilter-persistent save.',
      ],
    });
  }
};
