// Connections that failed just now: those that lo-doctor opened, and those that a failing command named itself.
import type { ConnectionEnd, Conversation } from '../firewall/trace.ts';
import type { Attempt } from './attempt.ts';
import type { Listener } from './listener.ts';
import { nameAddress } from './names.ts';

/** A connection that failed. `name`: the host name by which a command called it; `evidence`: one line of what was seen. */
export type Failure = {
  readonly conversation: Conversation;
  readonly end: Exclude<ConnectionEnd, 'connected'>;
  readonly name: string | null;
  readonly evidence: string;
};

const ENDS: Record<Failure['end'], string> = {
  refused: 'refused at once',
  'timed-out': 'no answer',
  'not-permitted': 'not permitted',
  unreachable: 'unreachable',
  failed: 'failed',
};

/** `localhost:21`, `127.0.0.1, port 25`, `[::1]:25`, `"localhost" (127.0.0.1), port 5432`, `/dev/tcp/127.0.0.1/25`, `host localhost port 22` */
const ENDPOINT =
  /(?:\[([\da-f:]*:[\da-f:.]*)\]|\b(localhost|127(?:\.\d{1,3}){3})|(?<![\w:])(::1))["')]*(?::|\/|,? +port:? *)(\d{1,5})\b/gi;

/** The system's words for how connecting ends, as every program repeats them, and the numbers that MySQL's client gives instead. */
const WORDS: readonly (readonly [RegExp, Failure['end']])[] = [
  [/connection refused|ECONNREFUSED|\(111\)/i, 'refused'],
  [/timed? ?out|ETIMEDOUT|\(110\)/i, 'timed-out'],
  [/operation not permitted|permission denied|EPERM|EACCES/i, 'not-permitted'],
  [/unreachable|no route to host/i, 'unreachable'],
  [/\b(?:failed|unable|can't|cannot|could not|couldn't) (?:to )?connect|connect(?:ion)? (?:to .* )?failed/i, 'failed'],
];

const addressesOf = (name: string, localhost: readonly string[]): readonly string[] =>
  name.toLowerCase() === 'localhost' ? localhost : [name];

/** The loopback connections that a line of output says have failed. */
const failuresInLine = (line: string, localhost: readonly string[]): Failure[] => {
  const end = WORDS.find(([pattern]) => pattern.test(line))?.[1];
  if (end === undefined) return [];
  return [...line.matchAll(ENDPOINT)].flatMap(([, bracketed, usual, bare, digits]) => {
    const name = bracketed ?? usual ?? bare ?? '';
    const port = Number(digits);
    if (port < 1 || port > 65_535) return [];
    return addressesOf(name, localhost).map((address) => ({
      conversation: {
        protocol: 'tcp',
        source: address,
        destination: address,
        sourcePort: null,
        destinationPort: port,
        uid: 0,
      },
      end,
      name: name.toLowerCase() === 'localhost' ? 'localhost' : null,
      evidence: `the command's output: ${line.trim()}`,
    }));
  });
};

const toFailures = (attempt: Attempt, localhost: readonly string[]): Failure[] => {
  if (attempt.kind === 'command')
    return attempt.code === 0 ? [] : attempt.output.split('\n').flatMap((line) => failuresInLine(line, localhost));
  const { conversation, end, detail } = attempt;
  // What could not be tried at all says nothing about the network.
  if (end === 'connected' || end === 'failed') return [];
  const where = nameAddress(conversation.destination, conversation.destinationPort);
  const words = detail === '' ? '' : ` (${detail})`;
  return [{ conversation, end, name: null, evidence: `connecting to ${where}: ${ENDS[end]}${words}` }];
};

/** All failed connections of the attempts, each endpoint once. `localhost`: its addresses in the order in which they are tried. */
export const findFailures = (attempts: readonly Attempt[], localhost: readonly string[]): Failure[] => {
  const failures = new Map<string, Failure>();
  for (const failure of attempts.flatMap((attempt) => toFailures(attempt, localhost))) {
    const { protocol, destination, destinationPort } = failure.conversation;
    const key = `${protocol} ${destination} ${destinationPort}`;
    if (!failures.has(key)) failures.set(key, failure);
  }
  return [...failures.values()];
};

const ANY: readonly string[] = ['0.0.0.0', '::', '*'];

/** Whether a conversation reaches this listener. */
export const listensTo =
  ({ protocol, destination, destinationPort }: Conversation) =>
  ({ address, port, ...listener }: Listener): boolean =>
    listener.protocol === protocol &&
    port === destinationPort &&
    (address === destination || (ANY.includes(address) && (address !== '0.0.0.0' || !destination.includes(':'))));
