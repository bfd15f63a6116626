// The journal's kernel lines that are newer than a mark. Its cursor is exact, also across a restart of journald.
import * as z from 'zod';
import { followAgain } from './follow-again.ts';
import type { Host } from './host.ts';

const record = z.object({ __CURSOR: z.string() });

/** The cursor of the journal's newest entry; null where there is no journal to read. */
export async function markJournal(host: Host): Promise<string | null> {
  const { stdout } = await host.run(['journalctl', '-q', '-n', '1', '-o', 'json']);
  return parseCursor(stdout);
}

/** The kernel's entries after the cursor as they come, each as the journal's JSON. */
export async function* followJournal(host: Host, mark: string, signal: AbortSignal): AsyncGenerator<string> {
  let cursor = mark;
  const command = () =>
    ['journalctl', '-q', '-f', '-o', 'json', '--no-tail', `--after-cursor=${cursor}`, '_TRANSPORT=kernel'] as const;
  for await (const line of followAgain(host, command, signal)) {
    cursor = parseCursor(line) ?? cursor;
    yield line;
  }
}

/** `{"__CURSOR":"s=e32d…;i=21f;b=6646…;m=83bb96f7;t=660e…;x=ecee…","MESSAGE":"IN= OUT=lo …",…}` */
function parseCursor(text: string): string | null {
  try {
    return record.parse(JSON.parse(text)).__CURSOR;
  } catch {
    return null;
  }
}
