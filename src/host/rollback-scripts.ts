// The shell scripts that undo a case without lo-doctor: they run on the server itself, with nothing but a POSIX shell.
import type { PlannedCommand } from '../firewall/fix/plan.ts';
import { RECORD_ROOT } from './case-file.ts';
import { OWNERS_FILES } from './owners-files.ts';
import { quoteCommand, quoteForShell } from './quote-for-shell.ts';

const HEAD = `PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin; export PATH
LC_ALL=C; export LC_ALL
umask 077
`;

/**
 * `watch`: waits for the deadline, which may be moved meanwhile, then rolls back. Ends when the case is no longer armed.
 * A hang-up or Ctrl-C means nothing to it; told to end (TERM), it rolls back at once.
 */
export const WATCH_SCRIPT = `# lo-doctor: takes a change back unless it is confirmed in time.
${HEAD}cd "\${0%/*}" || exit 1
trap '' HUP INT QUIT
trap 'ended=yes' TERM
while [ -e armed ] && [ -z "$ended" ]; do
  read -r up rest </proc/uptime
  read -r deadline <deadline
  left=$((deadline - \${up%.*}\${up#*.}))
  [ -e watching ] || echo $$ >watching
  if [ "$left" -le 0 ]; then
    break
  elif [ "$left" -gt 200 ]; then
    sleep 1
  else
    sleep 0.1 2>/dev/null || sleep 1
  fi
done
[ -e armed ] && sh ./roll-back armed
exit 0
`;

/** `roll-back [STATE]`: undoes a case that is in that state, and only then; safe to run twice, and by two at once. */
export function rollBackScript(id: string, undo: readonly PlannedCommand[]): string {
  return `# lo-doctor: takes back what this case changed, and nothing else. Usage: sh roll-back [armed|confirmed|rollback-failed]
${HEAD}cd "\${0%/*}" || exit 1
trap '' HUP INT QUIT TERM
from=\${1:-armed}
# Whoever renames the file has the case. Where renaming is impossible (a disk gone read-only), undoing still comes first.
mv "$from" rolling-back 2>/dev/null || [ -e "$from" ] || exit 3
failed=
# A file of the firewall's owner that nobody else has changed since is put back byte for byte; in others only our own rule goes.
owned=${quoteForShell(`${RECORD_ROOT}/${id}/${OWNERS_FILES}`)}
untouched=
if [ -r "$owned" ]; then
  while read -r after before path; do
    cmp -s "$after" "$path" && untouched="$untouched $after "
  done <"$owned"
fi
put_back() {
  [ -r "$owned" ] || return 0
  while read -r after before path; do
    case $untouched in *" $after "*) ;; *) continue ;; esac
    if [ "$before" = - ]; then
      rm -f "$path"
    elif ! cmp -s "$before" "$path"; then
      cp -p "$before" "$path.lo-doctor-new" && mv -f "$path.lo-doctor-new" "$path"
    fi
  done <"$owned"
}
take_back() {
  tries=0
  while :; do
    said=$(printf %s "$input" | "$@" 2>&1) && return
    code=$?
    if [ $code -lt 126 ]; then
      # What somebody else took away already needs no undoing.
      case $said in
        *'does a matching rule exist'* | *'No chain/target/match'* | *'does not exist'* | *'No such file or directory'*) return ;;
      esac
    fi
    tries=$((tries + 1))
    [ $tries -ge 5 ] && break
    sleep 1
  done
  failed=yes
  printf '%s: exit code %s: %s\\n' "$*" "$code" "$said" >>log
}
${undo.map(takeBack).join('\n')}
if [ -z "$failed" ]; then
  put_back
  mv rolling-back rolled-back
else
  mv rolling-back rollback-failed
fi
sh ./put-away
[ -z "$failed" ]
`;
}

/** `put-away`: moves a settled case to where it is remembered; a temporary one that is over is forgotten. */
export function putAwayScript(id: string, kind: 'trial' | 'temporary'): string {
  const record = quoteForShell(`${RECORD_ROOT}/${id}`);
  const forget = kind === 'temporary' ? '[ -e rolled-back ] || ' : '';
  return `# lo-doctor: moves a settled case to where it is remembered.
${HEAD}here=$(cd "\${0%/*}" && pwd) && cd "$here" || exit 1
[ -d /run/systemd/system ] && systemctl stop lo-doctor-${id}.timer >/dev/null 2>&1
[ "$here" = ${record} ] && exit 0
${forget}{ mkdir -p ${record} && cp -p ./* ${record}/; } || exit 1
rm -f ./* && cd / && rmdir "$here"
`;
}

function takeBack({ command, input = '' }: PlannedCommand): string {
  return `input=${quoteForShell(input)}\ntake_back ${quoteCommand(command)}`;
}
