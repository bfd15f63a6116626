// An attempt: a conversation that was opened, or a command that was run, and how it ended.
import type { ConnectionEnd, Conversation } from '../firewall/trace.ts';

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
