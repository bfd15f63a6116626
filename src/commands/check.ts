// `lo-doctor check`: one look without questions.

import { findRuleFindings } from '../diagnosis/inspect/find-rule-findings.ts';
import { type Inspection, inspect, type Judgement, LOOPBACK_KINDS } from '../diagnosis/inspect/inspect.ts';
import type { StoppedPart } from '../diagnosis/inspect/judge-loopback.ts';
import { ParseError } from '../firewall/model/parse-error.ts';
import { type Host, printTrouble } from '../host/host.ts';
import { findLeftOver, type LeftOver } from '../host/left-over/find-left-over.ts';
import { EXIT, type LookCode } from '../options/exit-codes.ts';
import { tellInspection } from '../steps/1-inspect.ts';
import { tellFinding } from '../steps/3-read-log.ts';
import { tellNextBoot } from '../words/next-boot.ts';
import { span, text, withGaps } from '../words/page.ts';
import { inspectServer } from '../work/inspect-server.ts';
import { type DumpFile, readDumps } from '../work/read-dumps.ts';
import { tellLeftOver } from './cases/tell-left-over.ts';
import type { Io } from './io.ts';
import { printBlocks } from './print-blocks.ts';

const CODES: Readonly<Record<Judgement['outcome'], LookCode>> = {
  works: EXIT.done,
  absent: EXIT.done,
  blocked: EXIT.blocked,
  partly: EXIT.blocked,
  unknown: EXIT.cantTell,
  'not-in-dump': EXIT.cantTell,
};

/** The exit code of what was seen: blocked where any kind of address is, else unknown where any is. */
export const exitCode = ({ blocked, loopback }: Inspection): LookCode => {
  const codes = Object.values(loopback).map(({ outcome }) => CODES[outcome]);
  if (blocked || codes.includes(EXIT.blocked)) return EXIT.blocked;
  return codes.includes(EXIT.cantTell) ? EXIT.cantTell : EXIT.done;
};

const partDocument = ({ rule, ...part }: StoppedPart) => ({
  ...part,
  rule: rule && {
    layer: rule.layer,
    family: rule.family,
    table: rule.table,
    chain: rule.chain,
    number: rule.number,
    text: rule.text,
  },
});

/** Which conversations are stopped, and for whom, by the kind of address. */
const partlyDocument = ({ loopback }: Inspection) =>
  LOOPBACK_KINDS.flatMap((kind) => loopback[kind].stopped.map((part) => ({ kind, ...partDocument(part) })));

/** The contract's answers to "is its drop logged": a rate limit may let a packet through unlogged. */
const LOGS = { always: 'yes', limited: 'maybe', never: 'no', unreachable: 'no' } as const;

/** The document of `check --json` (docs/contract.md, schema lo-doctor.check/1). */
export const checkDocument = (inspection: Inspection, time: Date, leftOver: readonly LeftOver[] = []) => ({
  schema: 'lo-doctor.check/1',
  host: inspection.host,
  time: time.toISOString(),
  layers: inspection.layers,
  owners: inspection.owners,
  loopback: {
    ip: inspection.loopback.ip.outcome,
    ip6: inspection.loopback.ip6.outcome,
    own: inspection.loopback.own.outcome,
    partly: partlyDocument(inspection),
  },
  ...(inspection.dump === null ? {} : { notInDump: inspection.dump.missing }),
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
  // A dump shows nothing of the boot.
  nextBoot: inspection.nextBoot ?? null,
  leftOver,
  findings: findRuleFindings(inspection),
});

/** Without `rules`, this server is looked at; `quiet`: nothing is printed where loopback passes. */
export type CheckOptions = { readonly rules: readonly DumpFile[]; readonly json: boolean; readonly quiet?: boolean };

/** What the command needs of the outside; `readFile` throws where it can't. */
export type CheckSeams = { readonly readFile: (path: string) => string; readonly openHost: () => Promise<Host> };

/** Inspects the dumps, or this server where there are none. Throws a ParseError or a HostError. */
export const lookAt = async (rules: readonly DumpFile[], seams: CheckSeams): Promise<Inspection> =>
  rules.length > 0 ? inspectDumps(rules, seams) : inspectServer(await seams.openHost(), 'check');

/** What earlier runs have left on this server; dumps show nothing of that. */
const lookForLeftOver = async ({ rules }: CheckOptions, { openHost }: CheckSeams): Promise<readonly LeftOver[]> =>
  rules.length > 0 ? [] : (await findLeftOver(await openHost())).leftOver;

const inspectDumps = (rules: readonly DumpFile[], { readFile }: CheckSeams): Inspection => {
  const { ruleset, contents: dump } = readDumps(rules, readFile);
  const host = rules.map(({ path }) => path).join(' + ');
  const facts = {
    host,
    ruleset,
    ownAddresses: [],
    listeners: null,
    iptables: null,
    ownerFacts: null,
    logs: null,
    way: null,
    dump,
  };
  return inspect(facts, 'check');
};

/** Inspects a server or dumps and prints what was found; resolves with the exit code. HostErrors go through. */
export const runCheck = async (io: Io, options: CheckOptions, seams: CheckSeams): Promise<number> => {
  try {
    const [inspection, leftOver] = await Promise.all([lookAt(options.rules, seams), lookForLeftOver(options, seams)]);
    if (options.quiet && exitCode(inspection) === EXIT.done && leftOver.length === 0) return EXIT.done;
    if (options.json)
      io.stdout(`${JSON.stringify(checkDocument(inspection, io.now(), leftOver))}
`);
    else {
      const { title, glance, details } = tellInspection(inspection);
      const body = [...glance, ...details];
      io.stdout(
        printBlocks(
          withGaps([
            [text(span('strong', title))],
            body,
            ...findRuleFindings(inspection).map(tellFinding),
            inspection.nextBoot === undefined ? [] : tellNextBoot(inspection.nextBoot),
            leftOver.map((one) => text(span('warn', tellLeftOver(one)))),
          ]),
          io,
        ),
      );
    }
    return exitCode(inspection);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    io.stderr(printTrouble(error.message));
    return EXIT.couldNot;
  }
};
