// `lo-doctor check`: one look without questions.
import { findRuleFindings } from '../diagnosis/find-rule-findings.ts';
import { type Inspection, inspect } from '../diagnosis/inspect.ts';
import type { Host } from '../host/host.ts';
import { tellInspection } from '../words/inspect-page.ts';
import { layOut, lineText } from '../words/lay-out.ts';
import { gap } from '../words/page.ts';
import { tellFinding } from '../words/read-log-page.ts';
import type { Io } from './io.ts';
import { readServer } from './read-server.ts';

/** contract.md: 0 healthy, 1 blocked, 4 can't tell. */
const exitCode = ({ blocked, loopback }: Inspection): number => {
  if (blocked) return 1;
  return Object.values(loopback).some(({ outcome }) => outcome === 'unknown') ? 4 : 0;
};

/** The contract's answers to "is its drop logged": a rate limit may let a packet through unlogged. */
const LOGS = { always: 'yes', limited: 'maybe', never: 'no', unreachable: 'no' } as const;

/** The document of `check --json` (contract.md, schema lo-doctor.check/1). */
export const checkDocument = (inspection: Inspection, time: Date) => ({
  schema: 'lo-doctor.check/1',
  host: inspection.host,
  time: time.toISOString(),
  layers: inspection.layers,
  loopback: {
    ip: inspection.loopback.ip.outcome,
    ip6: inspection.loopback.ip6.outcome,
    own: inspection.loopback.own.outcome,
  },
  finalRule: inspection.policies.map(({ final: { rule, action, logs } }) => ({
    layer: rule.layer,
    variant: rule.variant,
    family: rule.family,
    table: rule.table,
    chain: rule.chain,
    number: rule.number,
    text: rule.text,
    action,
    logs: LOGS[logs],
  })),
  findings: findRuleFindings(inspection),
});

/** Inspects a server and prints what was found; resolves with the exit code. */
export const runCheck = async (io: Io, host: Host, { json }: { json: boolean }): Promise<number> => {
  const inspection = inspect(await readServer(host), 'check');
  if (json) io.stdout(`${JSON.stringify(checkDocument(inspection, io.now()))}\n`);
  else {
    const { title, body } = tellInspection(inspection);
    const blocks = [...body, gap, ...findRuleFindings(inspection).flatMap(tellFinding)];
    const lines = layOut(blocks, Math.min(io.columns, 116)).map(lineText);
    io.stdout(`${title}\n\n${lines.join('\n').trimEnd()}\n`);
  }
  return exitCode(inspection);
};
