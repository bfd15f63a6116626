// How the system words the end of a connection.
import type { TalkEnd } from './talk.ts';

/** What strerror(3) says, which every program prints. */
export const WORDS: Readonly<Record<TalkEnd['end'], string>> = {
  connected: 'Connected',
  refused: 'Connection refused',
  unreachable: 'No route to host',
  'not-permitted': 'Operation not permitted',
  'timed-out': 'Connection timed out',
};
