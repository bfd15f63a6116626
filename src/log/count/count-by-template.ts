// Counts lines by the templates of lines before them, which costs a third of parsing.

import { judgeDirection } from '../conversations/direction.ts';
import { serverEnd } from '../conversations/services.ts';
import { readStamp } from '../head/read-stamp.ts';
import { readDecimal } from '../packet/bytes.ts';
import { F } from '../packet/fields.ts';
import { type ByteBlock, createTemplate, matchTemplate, startsWith, type Template } from '../packet/line-template.ts';
import { countLine, directedProtocolOf, numberOfField } from './count-line.ts';
import { addPackets, type CountState, type KnownGroup } from './count-state.ts';
import { addGroup, addNumber, addRange, createGroupTable, createKeyBuilder, findGroup } from './group-table.ts';

const MOST_TEMPLATES = 12;
/** So many lines are learned from at once; after that, ever fewer. */
const LEARNED_AT_ONCE = 32;
/** Conversations that a template remembers, and those of them that it finds without a search. */
const MOST_REMEMBERED = 4096;
const RECENT = 256;
const NO_PORT = 0xffffff;
const key = createKeyBuilder();

/** Counts the line at a place by a template; returns where it ends, or -1 where none fits. */
export function countKnown(state: CountState, block: ByteBlock, start: number): number {
  const { templates, since } = state;
  const { bytes } = block;
  if (templates.length === 0) return -1;
  const stamp = readStampAgain(state, block, start);
  const from = stamp === null ? start : start + stamp.text.length;
  for (let i = 0; i < templates.length; i++) {
    const template = templates[i];
    const end = template === undefined ? -1 : matchTemplate(template, block, from, bytes.length);
    if (template === undefined || end < 0) continue;
    if (i > 0) moveToFront(templates, i);
    const time = stamp === null ? null : stamp.time;
    if (since === null || (time !== null && time >= since)) countByTemplate(state, template, bytes, start, end, time);
    return end;
  }
  return -1;
}

/** The time stamp of the line at a place; null where it has none. Lines that follow each other often have the same. */
function readStampAgain({ stamp, clock }: CountState, block: ByteBlock, start: number): CountState['stamp'] | null {
  const { bytes } = block;
  if (stamp.now === clock.now && stamp.text.length > 0 && startsWith(block, start, stamp.text)) return stamp;
  const read = readStamp(bytes, start, bytes.length, clock);
  if (read === null || read.end - start > stamp.text.bytes.length) return null;
  bytes.copy(stamp.text.bytes, 0, start, read.end);
  stamp.text.length = read.end - start;
  stamp.time = read.time;
  stamp.now = clock.now;
  return stamp;
}

function moveToFront<T>(list: T[], index: number): void {
  for (let i = index; i > 0; i--) {
    const [before, item] = [list[i - 1], list[i]];
    if (before === undefined || item === undefined) return;
    list[i - 1] = item;
    list[i] = before;
  }
}

/** The conversation is looked up among those that the template has met; a new one is named by the parser. */
function countByTemplate(
  state: CountState,
  template: Template<KnownGroup>,
  bytes: Buffer,
  start: number,
  end: number,
  time: number | null,
): void {
  const { known } = template;
  const spt = runNumber(template, bytes, 2);
  const dpt = runNumber(template, bytes, 3);
  const direction = judgeDirection(known.protocol, known.tcpFlags, spt, dpt, known.type, false);
  const fromSource = serverEnd(direction, { spt, dpt }) === 'source';
  const server = template.places[fromSource ? 0 : 1] ?? 0;
  const port = (fromSource ? spt : dpt) ?? NO_PORT;
  const version = template.values[server]?.version ?? 0;
  const recent = known.recent[port & (RECENT - 1)];
  if (recent?.port === port && recent.server === server && recent.version === version) {
    addPackets(state.summary, recent.group, direction, time, 1);
    return;
  }
  key.length = 0;
  addNumber(key, port);
  addRange(key, bytes, template.from[server] ?? 0, template.to[server] ?? 0);
  let group = findGroup(known.groups, key);
  if (group !== undefined) addPackets(state.summary, group, direction, time, 1);
  else {
    group = countLine(state, bytes, start, end, null) ?? undefined;
    if (group !== undefined && known.groups.size < MOST_REMEMBERED) addGroup(known.groups, key, group);
  }
  if (group !== undefined) known.recent[port & (RECENT - 1)] = { port, server, version, group };
}

/** The number in one of PLACES; null where the lines of the template have no such field. */
function runNumber({ places, from, to }: Template<KnownGroup>, bytes: Buffer, place: number): number | null {
  const run = places[place] ?? -1;
  return run < 0 ? null : readDecimal(bytes, from[run] ?? 0, to[run] ?? 0);
}

/** Learns from the line that was just parsed, from fewer and fewer of those that no template fits. */
export function learnTemplate(state: CountState, bytes: Buffer, start: number, end: number): void {
  const { scan, head, templates } = state;
  if (!state.learns || scan.hasInner || head.repeated > 1) return;
  state.misses++;
  if (state.misses > LEARNED_AT_ONCE && (state.misses & (state.misses - 1)) !== 0) return;
  const stamp = readStamp(bytes, start, end, state.clock);
  if ((stamp?.time ?? null) !== head.time) return;
  const from = stamp?.end ?? start;
  const known: KnownGroup = {
    protocol: directedProtocolOf(bytes, scan.outer),
    tcpFlags: scan.outer.tcpFlags,
    type: numberOfField(bytes, scan.outer, F.TYPE),
    groups: createGroupTable(),
    recent: new Array(RECENT).fill(undefined),
  };
  const template = createTemplate(bytes.toString('latin1', from, end), scan.anchor - from, known);
  if (template === null) return;
  templates.unshift(template);
  if (templates.length > MOST_TEMPLATES) templates.pop();
}
