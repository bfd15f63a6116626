// The configuration of the running rsyslogd, with what it includes.
import type { ConfigLine } from '../../log/rsyslog/follow-rsyslog.ts';
import type { Command, Host } from '../host.ts';

/** The file that it was started with (`-f`), where that is another than the usual one. */
const OWN_FILE: Command = [
  'sh',
  '-c',
  'for p in /proc/[0-9]*; do read -r c <$p/comm && [ "$c" = rsyslogd ] && tr "\\0" "\\n" <$p/cmdline; done 2>/dev/null',
];
const USUAL_FILE = '/etc/rsyslog.conf';
const DEEPEST = 4;

const list = (pattern: string): Command => [
  'sh',
  '-c',
  'IFS=; for f in $0; do [ -f "$f" ] && printf "%s\\n" "$f"; done; true',
  pattern,
];

/** Its lines in the order in which they count; none where it can't be read. */
export async function readRsyslogConfig(host: Host): Promise<ConfigLine[]> {
  const { stdout } = await host.run(OWN_FILE);
  const [, own] = /^-f\n?(.+)$/m.exec(stdout) ?? [];
  return readFile(host, own ?? USUAL_FILE, DEEPEST);
}

async function readFile(host: Host, file: string, depth: number): Promise<ConfigLine[]> {
  const { stdout } = await host.run(['cat', file]);
  const lines: ConfigLine[] = [];
  for (const [index, text] of stdout.split('\n').entries()) {
    const pattern = parseInclude(text);
    if (pattern === null) lines.push({ file, number: index + 1, text });
    else if (depth > 0) lines.push(...(await readAll(host, pattern, depth - 1)));
  }
  return lines;
}

async function readAll(host: Host, pattern: string, depth: number): Promise<ConfigLine[]> {
  const { stdout } = await host.run(list(pattern));
  const files = stdout.split('\n').filter((file) => file !== '');
  return (await Promise.all(files.map((file) => readFile(host, file, depth)))).flat();
}

/** `$IncludeConfig /etc/rsyslog.d/*.conf`, `include(file="/etc/rsyslog.d/*.conf" mode="optional")` */
function parseInclude(text: string): string | null {
  const [, old, quoted] = /^\s*(?:\$IncludeConfig\s+(\S+)|include\s*\(.*\bfile="([^"]+)")/i.exec(text) ?? [];
  return old ?? quoted ?? null;
}
