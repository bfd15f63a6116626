// What the head of a line says: the type that its readers fill.

/** What the head of a line says. -1 and null stand for what it does not say. */
export type HeadScan = {
  /** Milliseconds since 1970. */
  time: number | null;
  hostFrom: number;
  hostTo: number;
  /** Seconds since boot. */
  uptime: number | null;
  repeated: number;
  /** Where the message begins: for a netfilter line, the prefix of its rule. */
  end: number;
};

/** An empty head. */
export const createHeadScan = (): HeadScan => ({
  time: null,
  hostFrom: -1,
  hostTo: -1,
  uptime: null,
  repeated: 1,
  end: 0,
});
