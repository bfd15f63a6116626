// A place that a command line, a file or an error message names.

/** `host` is an address or a name as it was written; `port` null for icmp. */
export type Endpoint = {
  readonly host: string;
  readonly port: number | null;
  readonly protocol: 'tcp' | 'udp' | 'icmp';
};

/** A port as it was written; null for what is none. */
export const parsePortNumber = (text: string | undefined): number | null => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text ?? '') && port > 0 && port < 65_536 ? port : null;
};

/** The places, each once. */
export const distinctEndpoints = (endpoints: readonly Endpoint[]): Endpoint[] => [
  ...new Map(endpoints.map((one) => [`${one.protocol} ${one.host.toLowerCase()} ${one.port}`, one])).values(),
];
