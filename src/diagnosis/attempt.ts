// An attempt: a conversation that was opened, or a command that was run, and how it ended.
import type { ConnectionEnd, Conversation } from '../firewall/conversation/trace.ts';

export type Attempt =
  | {
      readonly kind: 'connection';
      readonly conversation: Conversation;
      readonly end: ConnectionEnd;
      /** The system's own words, or what the server said first. */
      readonly detail: string;
      /** What a command has to do with the place: `the command line names it`. Absent where it was chosen without a command. */
      readonly because?: string;
      /** The place is another program's, which has to do with the command perhaps: absent where it is the command's, or of a service behind it. */
      readonly isOthers?: true;
      /** The name of whom it was tried as, where that is known and not root. */
      readonly user?: string;
      /** The host name by which programs call the place; absent where it was called by its address. */
      readonly name?: string;
    }
  | {
      readonly kind: 'command';
      readonly commandLine: string;
      /** Null where a signal or the time limit ended it. */
      readonly code: number | null;
      readonly output: string;
      /** What it did meanwhile; absent where nobody could look. */
      readonly trail?: CommandTrail;
    };

/** What a command did, and what is known of how it differs from an attempt of lo-doctor's own. */
export type CommandTrail = {
  /** Whom it ran as; null: as lo-doctor itself, `unknown`: as another user, of whom this server tells nothing. */
  readonly user: { readonly name: string; readonly uid: number } | 'unknown' | null;
  /** It runs in another network namespace, where the rules that are looked at here say nothing. */
  readonly elsewhere: boolean;
  readonly sockets: readonly TrailSocket[];
  /** Its own processes, and those of the services that it talked to. */
  readonly programs: readonly { readonly pid: string; readonly name: string }[];
  /** Places that are not on this server. */
  readonly outside: readonly OutsidePlace[];
};

/** A socket that was open meanwhile; `isOwn`: the command's own, else another program's. `device`: the one it is bound to. */
export type TrailSocket = {
  readonly protocol: 'tcp' | 'udp';
  readonly state: string;
  readonly local: { readonly address: string; readonly port: number | null };
  readonly peer: { readonly address: string; readonly port: number | null };
  readonly device: string | null;
  readonly process: string | null;
  readonly uid: number;
  readonly isOwn: boolean;
  /** It is of a program that the command had a connection with, or of one behind that. */
  readonly isBehind: boolean;
  /** Its control group, where ss tells it. */
  readonly cgroup?: string | null;
};

/** A place on another machine, why it is looked at, and the way that packets to it take (null: there is none, or nobody says). */
export type OutsidePlace = {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly address: string;
  readonly port: number | null;
  readonly because: string;
  readonly route: { readonly device: string; readonly source: string } | null;
  readonly uid: number;
  /** Another program's, of which nothing says that the command needs it. */
  readonly isOthers: boolean;
};

/** What an attempt shows. Nothing where it could not be made, or where a datagram got no answer: no UDP service has to give one. */
export const judgeAttempt = (attempt: Attempt): 'works' | 'fails' | 'unknown' => {
  if (works(attempt)) return 'works';
  if (attempt.kind === 'command') return 'fails';
  return attempt.end === 'failed' || isSilentDatagram(attempt) ? 'unknown' : 'fails';
};

/** A datagram that nobody has answered, and nobody refused. */
export const isSilentDatagram = ({ end, conversation }: Pick<OwnAttempt, 'end' | 'conversation'>): boolean =>
  end === 'timed-out' && conversation.protocol === 'udp';

/** The user's command. */
export type CommandAttempt = Extract<Attempt, { kind: 'command' }>;
/** A connection of lo-doctor's own. */
export type OwnAttempt = Extract<Attempt, { kind: 'connection' }>;

/** Whether an attempt came to a good end. */
export const works = (attempt: Attempt): boolean =>
  attempt.kind === 'connection' ? attempt.end === 'connected' : attempt.code === 0;
