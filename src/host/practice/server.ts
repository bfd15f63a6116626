// The practice server: all that it is, in memory.
import type { Command, RunOptions, RunResult } from '../host.ts';
import type { Clock } from './clock.ts';
import type { Files } from './files.ts';
import type { LogBook } from './log/log-book.ts';
import type { Kernel } from './network/kernel.ts';
import type { Random } from './random.ts';

/** A program that listens. `address` may be `0.0.0.0` or `::` (all of the family); `banner` is what it says first. */
export type PracticeService = {
  readonly program: string;
  readonly pid: number;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  readonly banner: string;
};

/** The website on the server: what WordPress connects to when it updates, and how it calls itself. */
export type WebSite = { readonly url: string; readonly ftpHost: string };

export type Server = {
  readonly name: string;
  /** The addresses of eth0. */
  readonly addresses: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly log: LogBook;
  readonly kernel: Kernel;
  readonly services: readonly PracticeService[];
  /** Who answers elsewhere: `192.0.2.80:443`. */
  readonly outside: ReadonlySet<string>;
  readonly site: WebSite;
  /** The resolver that is asked for names which are not in /etc/hosts; null: there are none. */
  readonly resolver: string | null;
  /** What the database says to whoever has reached it; null where it lets everybody in. */
  readonly denied: string | null;
  /** The units that systemd knows, and how they are. */
  readonly units: ReadonlyMap<string, 'active' | 'inactive'>;
  /** Users by name. */
  readonly users: ReadonlyMap<string, number>;
  /** What a name (or an address) resolves to, in the order in which programs try it; empty where nothing is known. */
  resolve(name: string): readonly string[];
  /** Whether /etc/hosts has the name. */
  isInHosts(name: string): boolean;
  /** Runs a command as `Host.run` does, as the user and in the directory given. */
  run(command: Command, options?: RunOptions & As): Promise<RunResult>;
  /** The same server with a kernel that has no rules yet, as a new network namespace has. */
  aside(): Server;
  /** Starts a process of its own that does something again and again until it says that it is done; answers its pid. */
  startProcess(step: () => boolean): number;
};

/** Who runs a command and where. */
export type As = { readonly uid?: number; readonly directory?: string };
