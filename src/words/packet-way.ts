// The way of a loopback packet with the place where it was stopped: as data, and drawn.

import type { Stop } from '../firewall/conversation/trace.ts';
import type { Hook } from '../firewall/model/model.ts';
import type { Block, Span, WayStation } from './page.ts';
import { textWidth } from './text-width.ts';

/** The hooks of a loopback packet in their order, with the device that it goes through between them. */
const WAY: readonly (Hook | 'lo')[] = ['output', 'postrouting', 'lo', 'prerouting', 'input'];

const ENDS: Record<Stop['packet'], readonly [string, string]> = {
  request: ['program', 'service'],
  'established-request': ['program', 'service'],
  reply: ['service', 'program'],
  'established-reply': ['service', 'program'],
  error: ['firewall', 'program'],
};

/** What everybody knows; the other hooks stand in the drawing only where the packet was stopped there. */
const USUAL: readonly (Hook | 'lo')[] = ['output', 'lo', 'input'];

const nameStation = (name: Hook | 'lo'): string => (name === 'lo' ? name : name.toUpperCase());

/** The way of the packet that was stopped; empty for a hook that no loopback packet meets. */
export const tellWay = ({ packet, hook, rule, verdict }: Stop): Block[] => {
  const [from, to] = ENDS[packet];
  const stoppedAt = WAY.indexOf(hook);
  if (stoppedAt < 0) return [];
  const by = rule.number === 0 ? 'the policy' : `rule ${rule.number}`;
  const stations = WAY.filter((name) => name === hook || USUAL.includes(name)).map((name): WayStation => {
    const place = WAY.indexOf(name);
    return {
      name: nameStation(name),
      state: place === stoppedAt ? 'stopped' : place < stoppedAt ? 'passed' : 'not-reached',
    };
  });
  return [
    {
      kind: 'way',
      stations: [{ name: from, state: 'passed' }, ...stations, { name: to, state: 'not-reached' }],
      stop: `${verdict === 'reject' ? 'rejected' : 'dropped'} here by ${by}`,
    },
  ];
};

/** What a drawing is made of: in a terminal whose characters are not known to be Unicode, ASCII alone. */
export type Glyphs = 'unicode' | 'ascii';

const SIGNS: Record<Glyphs, { on: string; stop: string; off: string; below: string }> = {
  unicode: { on: ' ──▸ ', stop: ' ──✗ ', off: ' ┄┄┄ ', below: '└─ ' },
  ascii: { on: ' --> ', stop: ' --X ', off: ' ... ', below: '`- ' },
};

const TONES = { passed: 'good', stopped: 'bad', 'not-reached': 'dim' } as const;

const bare = (text: string): Span => ({ text, tone: 'plain' });

/** `program --> OUTPUT --X lo ... INPUT ... service`, and below the X by what; one station a line where that is too wide. */
export const drawWay = (
  { stations, stop }: Extract<Block, { kind: 'way' }>,
  width: number,
  glyphs: Glyphs,
): Span[][] => {
  const { on, stop: cross, off, below } = SIGNS[glyphs];
  const joins = { passed: on, stopped: cross, 'not-reached': off };
  const line: Span[] = stations.flatMap(({ name, state }, index): Span[] => {
    const before = stations[index - 1]?.state;
    if (before === undefined) return [bare(`  ${name}`)];
    return [
      { text: joins[before], tone: TONES[before] },
      { text: name, tone: TONES[state] },
    ];
  });
  const drawn = line.map(({ text }) => text).join('');
  const told = `${' '.repeat(textWidth(drawn.slice(0, drawn.indexOf(cross))) + textWidth(cross) - 2)}${below}${stop}`;
  if (Math.max(textWidth(drawn), textWidth(told)) <= width) return [line, [{ text: told, tone: 'bad' }]];
  return stations.map(({ name, state }, index): Span[] => [
    {
      text: `  ${index === 0 ? '' : joins[state].trim().padEnd(4)}${name}`,
      tone: index === 0 ? 'plain' : TONES[state],
    },
    ...(state === 'stopped' ? [{ text: ` ${stop}`, tone: 'bad' } as const] : []),
  ]);
};
