// A command fails where lo-doctor's own attempt, as the same user and at the same moment, works: both are told, and what may differ.
import { nameAddress } from '../../naming/conversations.ts';
import type { CommandAttempt, OwnAttempt } from '../attempt.ts';
import type { Cause } from './cause.ts';
import { tellDifferences } from './find-control-group.ts';

const lastLine = ({ output }: CommandAttempt): string => output.trim().split('\n').at(-1)?.trim() ?? '';

const tellCommand = (command: CommandAttempt): string => {
  const ended = command.code === null ? 'was ended' : `ended with ${command.code}`;
  const said = lastLine(command);
  return `the command ${ended}${said === '' ? ' and said nothing' : `: ${said}`}`;
};

const tellOwn = ({ conversation, because }: OwnAttempt): string => {
  const { destination, destinationPort, uid } = conversation;
  return `lo-doctor's own attempt at ${nameAddress(destination, destinationPort)} as user ${uid}, right after it, is answered (${because})`;
};

/** Found where what the command is known to need answers, and it fails all the same. */
export const findCommandAlone: Cause = (clues) => {
  const { attempts, passing, found } = clues;
  const command = attempts.find((one): one is CommandAttempt => one.kind === 'command' && one.code !== 0);
  const own = attempts.filter(
    (one): one is OwnAttempt => one.kind === 'connection' && one.because !== undefined && !one.isOthers,
  );
  if (command === undefined || own.length === 0 || passing.length > 0) return null;
  if (found.some(({ finding }) => finding.severity === 'problem')) return null;
  const reached = own.filter(({ end }) => end === 'connected');
  if (reached.length < own.length) return null;
  return {
    finding: {
      id: 'command-fails-alone',
      severity: 'notice',
      title: 'The command fails, and what it needs on this server answers lo-doctor.',
      evidence: [tellCommand(command), ...reached.map(tellOwn), ...tellDifferences(command, own, clues)],
      advice:
        command.trail?.user === 'unknown'
          ? 'So the way there is open for root at this moment; a rule can judge users differently. Run it with `sudo -u` and a user that this server knows.'
          : 'So the way there is open for this user at this moment. Look at what the command itself says, and run it the way the service runs it.',
      commands: [],
    },
    blame: 'unknown',
    explains: [],
    command: 'fallback',
  };
};
