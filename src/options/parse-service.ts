// Services on the command line.

/** `tcp/25`, `udp/53`, `icmp` as a service; null for anything else. */
export function parseService(
  text: string,
): { protocol: 'tcp' | 'udp'; port: number } | { protocol: 'icmp'; port: null } | null {
  const match = /^(tcp|udp)\/(\d{1,5})$/.exec(text);
  if (match !== null && Number(match[2]) > 0 && Number(match[2]) < 65536)
    return { protocol: match[1] === 'tcp' ? 'tcp' : 'udp', port: Number(match[2]) };
  return text === 'icmp' ? { protocol: 'icmp', port: null } : null;
}
