// A service that listens on this server.

/** A listening socket; `process` is the program's name, null where it may not be read. Addresses as `ss` prints them, without brackets. */
export type Listener = {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly process: string | null;
};

/** Who listens somewhere: null where nobody does, `unknown` where that could not be looked at. */
export type Heard = Listener | 'unknown' | null;

export const isListener = (heard: Heard): heard is Listener => heard !== null && heard !== 'unknown';
