// Draws the way of a loopback packet with the place where it was stopped.

import type { Stop } from '../firewall/conversation/trace.ts';
import type { Hook } from '../firewall/model/model.ts';
import { type Block, type Span, span } from './page.ts';

const WAY: readonly Hook[] = ['output', 'postrouting', 'prerouting', 'input'];

const ENDS: Record<Stop['packet'], readonly [string, string]> = {
  request: ['program', 'service'],
  'established-request': ['program', 'service'],
  reply: ['service', 'program'],
  'established-reply': ['service', 'program'],
  error: ['firewall', 'program'],
};

/** The hooks that everybody knows; the others stand in the drawing only where the packet was stopped there. */
const USUAL: readonly Hook[] = ['output', 'input'];

/** One line such as `program -> OUTPUT X dropped by rule 7    INPUT    service`: what stands after the X was not reached. */
export const drawWay = ({ packet, hook, rule, verdict }: Stop): Block[] => {
  const [from, to] = ENDS[packet];
  const stoppedAt = WAY.indexOf(hook);
  if (stoppedAt < 0) return [];
  const by = `${verdict === 'reject' ? 'rejected' : 'dropped'} by ${rule.number === 0 ? 'policy' : `rule ${rule.number}`}`;
  const stations = WAY.filter((name) => name === hook || USUAL.includes(name)).map((name): Span => {
    const label = name.toUpperCase();
    const place = WAY.indexOf(name);
    if (place === stoppedAt) return span('bad', ` -> ${label} X ${by}`);
    return place < stoppedAt ? span('good', ` -> ${label}`) : span('dim', `    ${label}`);
  });
  return [{ kind: 'code', lines: [[from, ...stations, span('dim', `    ${to}`)]] }];
};
