// Scripts of lo-doctor's own that need more of a shell than the practice server has: known by what is special in them.
import { RUN_MARKED } from '../../network/watch-sockets.ts';
import { type Call, type Ended, failed, printed } from '../program.ts';
import type { Server } from '../server.ts';
import { runCaseScript } from './case-scripts.ts';

/** Does what the script would do, or answers null where it is none of them. */
export function runKnownScript(call: Call, text: string, parameters: readonly string[]): Promise<Ended> | null {
  const { server } = call;
  // arm-rollback.ts: a watchdog of its own, which outlives the shell that starts it.
  if (text.includes('sh ./watch') && parameters[0]) {
    return runCaseScript(server, `${parameters[0]}/watch`, []) ?? Promise.resolve(failed(2, ''));
  }
  // watch-sockets.ts: the user's command, under a name that its sockets are found by.
  if (text === RUN_MARKED) return runLine(call);
  // read-log-health.ts: the libraries of the running rsyslogd.
  if (text.includes('= rsyslogd ] && cat $p/maps')) {
    const maps = server.files.find('/proc/[0-9]*/maps').map((path) => server.files.read(path) ?? '');
    return Promise.resolve(printed(maps.join('')));
  }
  // load-boot-rules.ts, inside a namespace of its own.
  if (text.includes('iptables-restore <"$1"')) return loadAside(server, parameters);
  return null;
}

/** The practice server has iptables alone, and no script of nft that its boot would load. */
async function loadAside(server: Server, [, ip = '', ip6 = '']: readonly string[]): Promise<Ended> {
  for (const [restore, path] of [
    ['iptables-restore', ip],
    ['ip6tables-restore', ip6],
  ] as const) {
    const input = server.files.read(path);
    if (path === '') continue;
    const { code, stderr } = await server.run([restore], { input: input ?? '' });
    if (code !== 0) return failed(code ?? 1, stderr);
  }
  const saves = await Promise.all(
    ['iptables-save', 'ip6tables-save'].map(
      async (save) => `# lo-doctor: ${save}\n${(await server.run([save])).stdout}`,
    ),
  );
  return printed(saves.join(''));
}

async function runLine({ server, input, directory, signal, uid }: Call): Promise<Ended> {
  const { code, stdout, stderr } = await server.run(['sh', '-c', input], { directory, signal, uid });
  return { code: code ?? 143, stdout, stderr };
}
