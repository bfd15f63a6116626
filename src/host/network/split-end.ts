// One end of a socket as ss and netstat print it.

/** `port` is what stands behind the last colon: a number, a name, or `*`; `device`: what the socket is bound to. */
export type PrintedEnd = { readonly address: string; readonly port: string; readonly device: string | null };

/** `127.0.0.1%lo:25`, `[::1]:25`, `*:*`, netstat's `:::25`; the address has no brackets. Null where there is no colon. */
export function splitEnd(text: string): PrintedEnd | null {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return null;
  const address = text
    .slice(0, colon)
    .replace(/%[^\]]*/, '')
    .replace(/^\[(.*)\]$/, '$1');
  return { address, port: text.slice(colon + 1), device: /%([^:\]]+)/.exec(text)?.[1] ?? null };
}
