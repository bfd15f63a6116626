// A loopback address that is asked by another device than lo, since the program has bound its socket to that device.
import { nameAddress } from '../../naming/conversations.ts';
import type { Cause, Clues } from '../causes/cause.ts';
import { isAstray, type JudgedLine, judgeLine, tellLogged } from '../drops/find-elsewhere.ts';
import type { Failure } from '../failures.ts';

const tellLine = ({ line: { entry }, by }: JudgedLine): string => {
  const sent = `${entry.proto ?? 'A packet'} to ${nameAddress(entry.dst ?? 'a loopback address', entry.dpt)} was sent by ${entry.out}, not by lo`;
  return by === null ? `${sent} (${tellLogged(entry)})` : `${sent}: dropped by ${by}`;
};

/** The sockets that the command has bound to a device which is not lo. */
const boundSockets = ({ attempts }: Clues): string[] =>
  attempts.flatMap((one) =>
    one.kind === 'command'
      ? (one.trail?.sockets ?? []).flatMap(({ isOwn, device, process, protocol }) =>
          isOwn && device !== null && device !== 'lo'
            ? [`${process ?? 'the command'} had a ${protocol.toUpperCase()} socket bound to ${device} (ss)`]
            : [],
        )
      : [],
  );

/** What the command says has failed at a loopback address. */
const failedThere = ({ attempts, passing }: Clues): Failure[] =>
  attempts.some((one) => one.kind === 'command' && one.code !== 0) ? passing.map(({ failure }) => failure) : [];

/** Found by the log, or by sockets of a failed command that names a loopback address. */
export const findBoundToDevice: Cause = (clues) => {
  const astray = clues.elsewhere.filter(isAstray).flatMap((line) => judgeLine(clues, line) ?? []);
  const sockets = [...new Set(boundSockets(clues))];
  const failed = failedThere(clues);
  const named = clues.attempts.some((one) => one.kind === 'connection' && one.because !== undefined);
  if (astray.length === 0 && (sockets.length === 0 || !(named || failed.length > 0))) return null;
  const dropped = astray.some(({ by }) => by !== null);
  const evidence = [...new Set(astray.map(tellLine)), ...sockets, ...failed.map((one) => one.evidence)];
  return {
    finding: {
      id: 'bound-to-device',
      severity: 'problem',
      title: 'A loopback address was asked by a real device: the program has bound its socket to it.',
      evidence,
      advice: dropped
        ? 'A permit of lo would not help: the packet does not go there, and without the rule the kernel throws it away at the other end of that device. Let the program bind its socket to lo, or to no device.'
        : 'What leaves by a real device for 127.0.0.0/8 or ::1 arrives nowhere: the kernel throws it away. Let the program bind its socket to lo, or to no device.',
      commands: [['ss', '-anup']],
    },
    blame: dropped ? 'filter' : 'server',
    explains: failed,
  };
};
