// What a log file held before it was truncated: the copy that logrotate's copytruncate makes of it first.
import type { Command, Host } from '../host.ts';

/**
 * The newest of the file's siblings (`syslog.1`, `syslog-20261122`, also packed), from a byte on, its last MiB. One that was
 * not made just now is no copy of the file as it was: somebody has emptied it by hand.
 */
const readNewest = (path: string, from: number): Command => [
  'sh',
  '-c',
  `copy=$(ls -tcd -- "$0".[0-9]* "$0"-[0-9]* 2>/dev/null | head -n 1)
[ "$(($(date +%s) - $(stat -c %Z -- "$copy")))" -le 5 ] || exit
case $copy in
  *.gz) gzip -dc -- "$copy" ;;
  *.xz) xz -dc -- "$copy" ;;
  *.zst) zstd -qdc -- "$copy" ;;
  *) cat -- "$copy" ;;
esac | tail -c "+$1" | tail -c 1048576`,
  path,
  `${from + 1}`,
];

/** The whole lines of a truncated file's copy from a byte on; none where there is no copy. */
export async function readCopy(host: Host, path: string, from: number): Promise<string[]> {
  const { stdout } = await host.run(readNewest(path, from));
  return stdout.split('\n').slice(0, -1);
}
