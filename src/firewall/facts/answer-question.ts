// What the facts of a server answer to a rule's question about a packet.
import type { Site } from '../evaluate/read-field.ts';
import type { World } from '../evaluate/world.ts';
import { askHashlimit } from './ask-hashlimit.ts';
import { askIpset, ipsetNoteKey, type SetLookup, type Since } from './ask-ipset.ts';
import { askRecent, listedAddress } from './ask-recent.ts';
import { askProxy, askSocket } from './ask-sockets.ts';
import type { Note, Question, Side } from './question.ts';

/** An entry that the conversation's own packets have made or taken away; `key` null: which one is not known. */
export type Noted = { readonly store: string; readonly key: string | null; readonly does: 'add' | 'remove' };

/** So many bytes have to be left of a quota, and so many connections up to a limit, for "not used up" to be said. */
const PLENTY = { bytes: 1_000_000, connections: 20 };
/** A packet that carries nothing is longer than this. */
const SMALLEST = 28;

/** Whether the question is met; null where nothing that is known tells. */
export function answerQuestion(world: World, site: Site, question: Question): boolean | null {
  const { facts } = site;
  switch (question.on) {
    case 'ipset': {
      if (facts === undefined) return null;
      const found = askIpset(facts.sets, question.set, lookupOf(world, site, question.sides), sinceIn(world));
      if (found === null) return null;
      return found === (question.returnNomatch ? 'nomatch' : 'in');
    }
    case 'recent':
      return answerRecent(world, site, question);
    case 'hashlimit': {
      const table = facts?.rates.get(`${question.family} ${question.name}`);
      return table === undefined ? null : askHashlimit(table, question, world.packet);
    }
    case 'connlimit': {
      const most = facts?.connections ?? null;
      return most !== null && most + PLENTY.connections <= question.above ? false : null;
    }
    case 'quota':
      if (facts?.isLive !== true) return null;
      return question.left >= PLENTY.bytes ? true : question.left < SMALLEST ? false : null;
    case 'proxy':
      return facts?.sockets ? askProxy(facts.sockets, question, world) : null;
    case 'socket':
      return facts?.sockets ? askSocket(facts.sockets, question, world, site.hook) : null;
  }
}

function answerRecent(world: World, { facts }: Site, question: Extract<Question, { on: 'recent' }>): boolean | null {
  const list = facts?.recent.get(question.list);
  const address = listedAddress(world.packet, question);
  if (list === undefined || address === null) return null;
  const noted = (world.noted ?? []).filter(({ store }) => store === `recent ${question.list}`);
  if (noted.some(({ key }) => key === null)) return null;
  const own = noted.filter(({ key }) => key === `${address}`);
  const removed = own.findLastIndex(({ does }) => does === 'remove');
  const added = own.slice(removed + 1).length;
  return askRecent(list, question, world.packet, { added, isRemoved: removed >= 0 });
}

/** The entry that the rule's note makes; none where it can make none. */
export function noteOf(world: World, site: Site, note: Exclude<Note, { store: 'nft' }>): Noted {
  if (note.store === 'recent') {
    const address = listedAddress(world.packet, note);
    return { store: `recent ${note.list}`, key: address === null ? null : `${address}`, does: note.does };
  }
  const key = ipsetNoteKey(site.facts?.sets ?? new Map(), note.set, lookupOf(world, site, note.sides));
  return { store: `ipset ${note.set}`, key, does: note.does };
}

function lookupOf({ packet }: World, { hook, device }: Site, sides: readonly Side[]): SetLookup {
  const name = device?.name ?? 'lo';
  const entering = hook === 'prerouting' || hook === 'input' || hook === 'ingress';
  return { packet, sides, devices: { src: entering ? name : '', dst: entering ? '' : name } };
}

/** An entry of which the key is not known may be any. */
function sinceIn({ noted = [] }: World): Since {
  return (set, key) => {
    const last = noted.findLast((one) => one.store === `ipset ${set}` && (one.key === key || one.key === null));
    return last === undefined ? null : last.key === null ? 'unknown' : last.does;
  };
}
