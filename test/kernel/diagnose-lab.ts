// What tests of the diagnosis share: the lines that the kernel writes while something happens, tied to the rules in force.
import { expect } from 'vitest';
import { diagnose } from '../../src/diagnosis/diagnose.ts';
import type { OwnLogging } from '../../src/diagnosis/drops/judge-logged-packet.ts';
import { NO_WITNESS } from '../../src/diagnosis/witness.ts';
import { findLogSources } from '../../src/host/logs/log-source.ts';
import { openLogs } from '../../src/host/logs/open-logs.ts';
import { readFirewall } from '../../src/host/rules/read-firewall.ts';
import { createSightingCounter, type Sighting } from '../../src/log/conversations/count-sightings.ts';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { parseDumps } from '../../src/work/read-server.ts';
import { surroundings } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import type { Lab } from './lab.ts';

/** What is said of the lines that come while the action goes on, with this mark in their prefix or in the rest (`DPT=25001 `). */
export async function diagnoseWhile(
  lab: Lab,
  mark: string,
  action: () => Promise<unknown>,
  own: OwnLogging | null = null,
) {
  const host = hostInLab(lab);
  const logs = await openLogs(host, await findLogSources(host));
  const entries: Sighting[] = [];
  const listen = async () => {
    for await (const { source, line } of logs.lines) {
      const parsed = parseLine(line, { now: new Date() });
      const { entry } = parsed;
      if (entry !== null && line.includes(mark.trim())) entries.push({ source, line: { ...parsed, entry } });
    }
  };
  void listen();
  await action();
  await expect.poll(() => entries.length, { timeout: 3000 }).toBeGreaterThan(0);
  logs.stop();
  const ruleset = parseDumps((await readFirewall(host)).dumps);
  const diagnosis = diagnose({
    ruleset,
    surroundings,
    listeners: [],
    entries,
    attempts: [],
    own,
    witness: { ...NO_WITNESS, localhost: [] },
  });
  const countNew = createSightingCounter();
  return { ...diagnosis, packets: entries.reduce((sum, sighting) => sum + countNew(sighting), 0) };
}
