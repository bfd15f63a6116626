// An attempt: a conversation that was opened, or a command that was run, and how it ended.
import type { Conversation } from '../firewall/trace.ts';

/** How opening a connection ended, as the client sees it. */
export type ConnectionEnd = 'connected' | 'refused' | 'timed-out' | 'not-permitted' | 'unreachable' | 'failed';

export type Attempt =
  | {
      readonly kind: 'connection';
      readonly conversation: Conversation;
      readonly end: ConnectionEnd;
      /** The system's own words, or what the server said first. */
      readonly detail: string;
    }
  | {
      readonly kind: 'command';
      readonly commandLine: string;
      /** Null where a signal or the time limit ended it. */
      readonly code: number | null;
      readonly output: string;
    };
