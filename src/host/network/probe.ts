// Opens a conversation for real, with what a bare server has: bash's /dev/tcp, or nc where there is no bash.

import type { ConnectionEnd, Conversation } from '../../firewall/conversation/trace.ts';
import { COULD_NOT_BE, type WaysToBe, waysToBe } from '../as-user.ts';
import type { Command, Host, RunResult } from '../host.ts';

/** `user`: the name of whom it was tried as, where that is known and not root. `detail`: what the server said first, or the system's own words. Both are hostile text. */
export type ProbeResult = {
  readonly kind: 'connection';
  readonly conversation: Conversation;
  readonly end: ConnectionEnd;
  readonly detail: string;
  readonly user?: string;
};

const PATIENCE = 3000;
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const LONGEST_DETAIL = 200;

/** Connects, then waits half a second for a greeting. */
const TCP = 'exec 3<>"/dev/tcp/$0/$1" || exit 1; IFS= read -r -t 0.5 line <&3; printf %s "$line"';

/** Sends a question and waits for an answer, or for the news that nobody listens. */
const UDP = `exec 3<>"/dev/udp/$0/$1" && printf "$2" >&3 || exit 1
IFS= read -r -d '' -N 1 -t 2 line <&3; code=$?
[ $code -le 128 ] || { echo "timed out" >&2; exit 1; }
exit $code`;

/** The name server's question that every one can answer: who serves the root? */
const DNS_QUESTION = '\\114\\104\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\1';

const MISSING: Record<Conversation['protocol'], string> = {
  tcp: 'Neither bash nor nc is here to connect with.',
  udp: 'No bash is here to send a datagram with.',
  icmp: 'No ping is here.',
};

const ROOT: WaysToBe = { user: null, prefixes: [[]] };

const behind = ([by, ...more]: readonly string[], [program, ...args]: Command): Command =>
  by === undefined ? [program, ...args] : [by, ...more, program, ...args];

/** Opens the conversation as its user, and as nobody else: `failed` where that can't be done. Takes 3 s at most. */
export async function probeConversation(
  host: Host,
  conversation: Conversation,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const options = { timeout: PATIENCE, ...(signal === undefined ? {} : { signal }) };
  const { uid, gid = null } = conversation;
  const { user, prefixes } = uid === 0 ? ROOT : await waysToBe(host, { uid, gid });
  const by = user === null ? {} : { user };
  let result: RunResult | null = null;
  for (const command of prefixes.flatMap((prefix) => commandsFor(conversation).map((one) => behind(prefix, one)))) {
    result = await host.run(command, options);
    if (!isUnable(result)) break;
  }
  if (result === null || isUnable(result)) {
    const detail =
      uid === 0
        ? MISSING[conversation.protocol]
        : `Nothing here could connect as ${user ?? `uid ${uid}`}: neither setpriv, runuser nor su.`;
    return { kind: 'connection', conversation, end: 'failed', detail, ...by };
  }
  const { stdout, stderr } = result;
  const end = signal?.aborted ? 'failed' : isEmptyAnswer(conversation, result) ? 'connected' : endOf(result);
  // A command that was ended for its silence said nothing itself: what stands there then is its own command line.
  const complaint = result.timedOut ? '' : (stderr.trim().split('\n').at(-1) ?? '');
  // Of all that ping prints, the line of the answer.
  const answer = conversation.protocol === 'icmp' ? (/^.*\bbytes from\b.*$/m.exec(stdout)?.[0] ?? '') : stdout;
  const said = end === 'connected' ? answer : complaint;
  return { kind: 'connection', conversation, end, ...by, detail: said.trim().slice(0, LONGEST_DETAIL) };
}

/** The ways to open it, best first. */
function commandsFor({ protocol, destination, destinationPort }: Conversation): Command[] {
  const port = `${destinationPort ?? 0}`;
  switch (protocol) {
    case 'tcp':
      return [
        ['bash', '-c', TCP, destination, port],
        ['nc', '-z', '-v', '-w', '2', destination, port],
        // Busybox's knows no -z.
        ['nc', '-w', '2', destination, port, '-e', 'true'],
      ];
    case 'udp':
      return [['bash', '-c', UDP, destination, port, port === '53' ? DNS_QUESTION : '\\n']];
    case 'icmp':
      return [['ping', '-c', '1', '-W', '2', destination]];
  }
}

/** The program is missing, or its bash was built without /dev/tcp: another way has to be tried. */
function isUnable({ code, stderr }: RunResult): boolean {
  return (
    code === NOT_FOUND ||
    code === NOT_EXECUTABLE ||
    COULD_NOT_BE.test(stderr) ||
    /\/dev\/(tcp|udp)\/.*No such file|nc: invalid option/.test(stderr)
  );
}

/** An answer without content reads like an end, of which bash says nothing. */
const isEmptyAnswer = ({ protocol }: Conversation, { code, stderr, timedOut }: RunResult): boolean =>
  protocol === 'udp' && code === 1 && stderr === '' && !timedOut;

/** By the system's words, which are the same from every client; those of bash end `connect: Connection refused`. */
function endOf({ code, stdout, stderr, timedOut }: RunResult): ConnectionEnd {
  if (code === 0) return 'connected';
  if (timedOut || /timed out/i.test(stderr) || /100% packet loss/.test(stdout)) return 'timed-out';
  if (/refused/i.test(stderr)) return 'refused';
  if (/not permitted|Permission denied/i.test(stderr)) return 'not-permitted';
  // A blackhole route answers with the last of these.
  if (/unreachable|No route|Invalid argument/i.test(stderr)) return 'unreachable';
  return 'failed';
}
