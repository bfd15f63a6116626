// What a server shows beside its rules and its log while something fails: the facts that causes are found by.
import type { WayFault } from './way/loopback-way.ts';

/** A listening TCP socket as ss tells it: how many connections wait to be taken, and for how many there is room. `line`: its own words. */
export type ListenQueue = {
  readonly line: string;
  readonly address: string;
  readonly port: number;
  readonly device: string | null;
  readonly waiting: number;
  readonly room: number;
  readonly pid: number | null;
  /** The control group of who has made the socket; null where ss knows none. */
  readonly cgroup: string | null;
};

/** The range of local ports, and how many of them are taken, by the place they are connected to (`127.0.0.1:8081`). `summary`: the lines of `ss -s` that count. */
export type LocalPorts = {
  readonly first: number;
  readonly last: number;
  readonly peers: ReadonlyMap<string, number>;
  readonly summary: readonly string[];
};

/** A unit of systemd that is kept from something of the network, with its settings as `systemctl show` prints them: `IPAddressDeny=0.0.0.0/0 ::/0`. */
export type ServiceLimits = {
  readonly unit: string;
  readonly settings: readonly string[];
  readonly controlGroup: string | null;
};

/** A listening TCP socket in another network namespace, with the first process that is there and its control group (null: not known). */
export type DistantListener = {
  readonly pid: number;
  readonly process: string;
  readonly cgroup: string | null;
  readonly namespace: string;
  readonly port: number;
};

/** A line of the kernel or of the audit log that says what else was thrown away. */
export type Complaint = {
  readonly kind: 'denial' | 'conntrack-full' | 'syn-flood' | 'martian';
  readonly line: string;
};

/**
 * Each fact has a field of its own here, its reader in work/read-witness.ts, and a value for what nobody could look at:
 * a cause must be able to tell "not there" from "not seen".
 */
export type Witness = {
  /** The addresses of localhost in the order in which they are tried; empty: nothing tells. */
  readonly localhost: readonly string[];
  /** What is in the way of loopback beside the rules. */
  readonly wayFaults: readonly WayFault[];
  readonly queues: readonly ListenQueue[] | null;
  /** Read only where a program was refused a local port. */
  readonly localPorts: LocalPorts | null;
  readonly serviceLimits: readonly ServiceLimits[] | null;
  /** Programs on control groups, a line each. */
  readonly cgroupFilters: readonly string[] | null;
  /** lo-doctor's own. */
  readonly ownGroup: string | null;
  readonly distantListeners: readonly DistantListener[] | null;
  readonly complaints: readonly Complaint[] | null;
  /** The table of connections: how many are in it, and how many fit. */
  readonly conntrack: { readonly count: number; readonly most: number } | null;
};

/** Nothing was looked at. */
export const NO_WITNESS: Witness = {
  localhost: [],
  wayFaults: [],
  queues: null,
  localPorts: null,
  serviceLimits: null,
  cgroupFilters: null,
  ownGroup: null,
  distantListeners: null,
  complaints: null,
  conntrack: null,
};
