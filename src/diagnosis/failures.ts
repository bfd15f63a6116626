// Connections that failed just now: those that lo-doctor opened, and those that a failing command named itself.

import type { ConnectionEnd, Conversation } from '../firewall/conversation/trace.ts';
import { nameAddress } from '../naming/conversations.ts';
import { type Attempt, works } from './attempt.ts';
import { findInText } from './command-line/find-in-text.ts';
import type { Heard, Listener } from './listener.ts';

/**
 * A connection that failed. `name`: the host name by which a command called it; `evidence`: what was seen, in a line. `isOwn`: lo-doctor has opened
 * it itself, and not only read of it.
 */
export type Failure = {
  readonly conversation: Conversation;
  readonly end: Exclude<ConnectionEnd, 'connected'>;
  readonly name: string | null;
  readonly evidence: string;
  readonly isOwn: boolean;
  /** The place is another program's, of which nothing says that the command needs it. */
  readonly isOthers: boolean;
};

const ENDS: Record<Failure['end'], string> = {
  refused: 'refused at once',
  'timed-out': 'no answer',
  'not-permitted': 'not permitted',
  unreachable: 'unreachable',
  failed: 'failed',
};

/** The system's words for how connecting ends, as every program repeats them, and the numbers that MySQL's client gives instead. */
const WORDS: readonly (readonly [RegExp, Failure['end']])[] = [
  [/connection refused|ECONNREFUSED|\(111\)/i, 'refused'],
  [/timed?[- ]?out|ETIMEDOUT|\(110\)/i, 'timed-out'],
  [/operation not permitted|permission denied|EPERM|EACCES/i, 'not-permitted'],
  [/unreachable|no route to host/i, 'unreachable'],
  [/\b(?:failed|unable|can't|cannot|could not|couldn't) (?:to )?connect|connect(?:ion)? (?:to .* )?failed/i, 'failed'],
];

const endIn = (line: string): Failure['end'] | undefined => WORDS.find(([pattern]) => pattern.test(line))?.[1];

/** Whether a line of output says that connecting failed. */
export const isFailing = (line: string): boolean => endIn(line) !== undefined;

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

type Said = { readonly localhost: readonly string[]; readonly uid: number };

/** The loopback connections that a line of output says have failed. */
const failuresInLine = (line: string, { localhost, uid }: Said): Failure[] => {
  const end = endIn(line);
  if (end === undefined) return [];
  return findInText(line).flatMap(({ host, port, protocol }) => {
    const isName = host === 'localhost';
    return (isName ? localhost : [host]).filter(isLoopback).map((address) => ({
      conversation: {
        protocol,
        source: address,
        destination: address,
        sourcePort: null,
        destinationPort: port,
        uid,
      },
      end,
      name: isName ? host : null,
      evidence: `the command's output: ${line.trim()}`,
      isOwn: false,
      isOthers: false,
    }));
  });
};

const toFailures = (attempt: Attempt, localhost: readonly string[]): Failure[] => {
  if (attempt.kind === 'command') {
    const { user = null } = attempt.trail ?? {};
    const said = { localhost, uid: user === null || user === 'unknown' ? 0 : user.uid };
    return attempt.code === 0 || attempt.trail?.elsewhere === true
      ? []
      : attempt.output.split('\n').flatMap((line) => failuresInLine(line, said));
  }
  const { conversation, end, detail, because, name = null, isOthers = false } = attempt;
  // What could not be tried at all says nothing about the network.
  if (end === 'connected' || end === 'failed') return [];
  const where = nameAddress(conversation.destination, conversation.destinationPort);
  const why = because === undefined ? '' : ` (${because})`;
  const words = detail === '' ? '' : ` (${detail})`;
  const evidence = `connecting to ${where}${why}: ${ENDS[end]}${words}`;
  return [{ conversation, end, name, evidence, isOwn: true, isOthers }];
};

const keyOf = ({ protocol, destination, destinationPort }: Conversation): string =>
  `${protocol} ${destination} ${destinationPort}`;

/** Where lo-doctor has tried the same, that is what counts, and what a command said of it stands beside it. */
const merge = (own: Failure | undefined, other: Failure): Failure => {
  if (own === undefined) return other;
  const [first, second] = other.isOwn && !own.isOwn ? [other, own] : [own, other];
  const evidence = first.isOwn === second.isOwn ? first.evidence : `${first.evidence}; ${second.evidence}`;
  return { ...first, name: first.name ?? second.name, evidence, isOthers: own.isOthers && other.isOthers };
};

/**
 * All failed connections of the attempts, each endpoint once. What a command says has failed and lo-doctor's own attempt reached is none: see
 * find-command-alone.ts. `localhost`: its addresses in the order in which they are tried.
 */
export const findFailures = (attempts: readonly Attempt[], localhost: readonly string[]): Failure[] => {
  const reached = attempts.flatMap((one) => (one.kind === 'connection' && works(one) ? [one.conversation] : []));
  const isReached = ({ conversation, isOwn }: Failure) =>
    reached.some(
      (one) =>
        one.destination === conversation.destination &&
        one.destinationPort === conversation.destinationPort &&
        // A command's words don't say over which protocol it went.
        (!isOwn || one.protocol === conversation.protocol),
    );
  const failures = new Map<string, Failure>();
  for (const failure of attempts.flatMap((attempt) => toFailures(attempt, localhost))) {
    const key = keyOf(failure.conversation);
    if (!isReached(failure)) failures.set(key, merge(failures.get(key), failure));
  }
  return [...failures.values()];
};

/** Who awaits a conversation: null where nobody does, `unknown` where nobody could look. */
export const listenerOf = (listeners: readonly Listener[] | null, conversation: Conversation): Heard =>
  listeners === null ? 'unknown' : (listeners.find(listensTo(conversation)) ?? null);

const ANY: readonly string[] = ['0.0.0.0', '::', '*'];

/** Whether a conversation reaches this listener. */
export const listensTo =
  ({ protocol, destination, destinationPort }: Conversation) =>
  ({ address, port, ...listener }: Listener): boolean =>
    listener.protocol === protocol &&
    port === destinationPort &&
    (address === destination || (ANY.includes(address) && (address !== '0.0.0.0' || !destination.includes(':'))));
