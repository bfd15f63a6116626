// The self-test of the log: one packet into a rule that has to log it, and a look at where its line comes out.
import type { Conversation } from '../../firewall/conversation/trace.ts';
import type { LogPathProbe, LogPathTest } from '../../log/files/log-path.ts';
import type { Entry } from '../../log/packet/entry.ts';
import { parseLine } from '../../log/packet/parse-line.ts';
import type { Host } from '../host.ts';
import { probeConversation } from '../network/probe.ts';
import { readRuleCounters } from '../rules/read-rule-counters.ts';
import { findLogSources } from './log-source.ts';
import { openLogs } from './open-logs.ts';

/** The longest way of a line: journald and rsyslog write within some 100 ms, on a busy machine within seconds. */
const PATIENCE = 4000;

/**
 * Opens the probe's conversation (nothing is sent but its first packet, or an empty line over UDP) and waits until its line has come from
 * every source that can be read, 4 s at most.
 */
export async function testLogPath(host: Host, probe: LogPathProbe): Promise<LogPathTest> {
  const sources = (await findLogSources(host)).filter((source) => source.kind !== 'file' || source.state !== 'missing');
  const [logs, [before = null]] = await Promise.all([openLogs(host, sources), readRuleCounters(host, [probe.rule])]);
  const seenIn = new Set<string>();
  const kernel = sources.find(({ kind }) => kind === 'kernel')?.id;
  let text: string | null = null;
  const over = new AbortController();
  const isDone = () => seenIn.size === sources.length;
  const listen = async () => {
    for await (const { source, line } of logs.lines) {
      const { entry } = parseLine(line, { now: new Date() });
      if (entry === null || !isOf(probe, entry)) continue;
      seenIn.add(source);
      if (source === kernel) text ??= line.replace(/^\[ *\d+\.\d+\] /, '');
      if (isDone()) over.abort();
    }
  };
  // A log that breaks shows nothing: the test then says that the line did not come there.
  listen().catch(() => {});
  const sent = probeConversation(host, probe.conversation, over.signal);
  await elapsed(PATIENCE, over.signal);
  over.abort();
  await sent;
  logs.stop();
  const [after = null] = await readRuleCounters(host, [probe.rule]);
  return {
    ...probe,
    counted: before === null || after === null ? null : after - before,
    sources: sources.map(({ id }) => id),
    seenIn: [...seenIn],
    text,
  };
}

/** A line by the rule about a packet of the conversation, of whichever direction. */
function isOf({ conversation, log }: LogPathProbe, entry: Entry): boolean {
  const packet = entry.embedded ?? entry;
  return (
    (log.prefix.trim() || null) === entry.prefix && (goesTo(conversation, packet) || comesFrom(conversation, packet))
  );
}

function goesTo({ destination, destinationPort }: Conversation, { dst, dpt }: Pick<Entry, 'dst' | 'dpt'>): boolean {
  return dst === destination && dpt === destinationPort;
}

function comesFrom({ destination, destinationPort }: Conversation, { src, spt }: Pick<Entry, 'src' | 'spt'>): boolean {
  return src === destination && spt === destinationPort;
}

function elapsed(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
    if (signal.aborted) resolve();
  });
}
