// The shell scripts that undo a case without lo-doctor: they run on the server itself, with nothing but a POSIX shell.
import type { PlannedCommand } from '../../firewall/fix/plan.ts';
import { SYSTEM_PATH } from '../environment.ts';
import { unitFiles } from '../left-over/boot-unit.ts';
import { cleanFilesScript } from '../next-boot/boot-files.ts';
import { quoteCommand, quoteForShell } from '../quote-for-shell.ts';
import { BOOT_ID, CASE_FILES, RECORD_ROOT, RUNNING_ROOTS } from './case-file.ts';
import { nothingThereCodes, planLooks, type TagLook } from './look-for-tag.ts';
import { OWNERS_FILES } from './owners-files.ts';

/** Whoever starts a script (systemd, an admin by hand): it begins anew with an environment that is nobody's. */
const HEAD = `PATH=${SYSTEM_PATH}; export PATH
[ "$LO_DOCTOR" = clean ] || exec env -i LO_DOCTOR=clean PATH="$PATH" LC_ALL=C HOME=/ sh "$0" "$@"
umask 077
`;

/**
 * `watch`: waits for the deadline, which may be moved meanwhile, then rolls back, again and again until that is done. Ends when the case is
 * kept or taken back. A hang-up or Ctrl-C means nothing to it; told to end (TERM), it rolls back at once.
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
trap '' TERM
[ -e armed ] && sh ./roll-back armed
pause=1
while [ -e rolling-back ] || [ -e rollback-failed ]; do
  sleep $pause
  pause=$((pause * 2))
  [ $pause -le 60 ] || pause=60
  if [ -e rollback-failed ]; then
    sh ./roll-back rollback-failed 1
  elif [ -e rolling-back ] && read -r worker <rolling-back && [ ! -d "/proc/$worker" ]; then
    # Whoever was at it has been killed.
    sh ./roll-back rolling-back 1
  fi
done
exit 0
`;

/**
 * `roll-back [STATE [ROUNDS]]`: undoes a case that is in that state, and only then; safe to run twice, and by two at once. It is done when
 * every command has done its part or had none, and the rules of the case are in none of the listings.
 */
export function rollBackScript(id: string, undo: readonly PlannedCommand[]): string {
  return `# lo-doctor: takes back what this case changed, and nothing else. Usage: sh roll-back [armed|saving|confirmed|rollback-failed|lost [ROUNDS]]
${HEAD}cd "\${0%/*}" || exit 1
trap '' HUP INT QUIT TERM
from=\${1:-armed}
rounds=\${2:-4}
# Whoever renames the file has the case. Where renaming is impossible (a disk gone read-only), undoing still comes first.
mv "$from" rolling-back 2>/dev/null || [ -e "$from" ] || exit 3
echo $$ >rolling-back 2>/dev/null
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
newline='
'
# A tool that hangs is ended, where there is something to end it with, and ends the round.
limited() { "$@"; }
command -v timeout >/dev/null && timeout -k 1 5 true 2>/dev/null && limited() { timeout -k 2 12 "$@"; }
fail() { failed="$failed$1$newline"; }
take_back() {
  [ -z "$hung" ] || return 0
  said=$(printf %s "$input" | limited "$@" 2>&1)
  code=$?
  case $1:$code in
    *:0 | ${nothingThereCodes().join(' | ')}) return ;;
    *:124 | *:137) hung=yes ;;
  esac
  fail "$*: exit code $code: $said"
}
# look TEXT NEEDED COMMAND…: a rule with that text must not be in what the command lists.
look() {
  text=$1
  needed=$2
  shift 2
  [ -z "$hung" ] || return 0
  listing=$(limited "$@" 2>/dev/null)
  code=$?
  case $listing in
    *"$text"*)
      rule=\${listing%%"$text"*}
      rest=\${listing#"$rule"}
      fail "$*: still lists \${rule##*"$newline"}\${rest%%"$newline"*}"
      ;;
    *) [ $code = 0 ] || [ "$needed" = no ] || fail "$*: exit code $code, so the rules could not be looked at" ;;
  esac
}
${cleanFilesScript(id)}undo() {
  failed=
  hung=
${undo.map(takeBack).join('\n')}
${planLooks(id, undo).map(lookFor).join('\n')}
}
undo
while [ -n "$failed" ] && [ -z "$hung" ] && [ "$rounds" -gt 1 ]; do
  rounds=$((rounds - 1))
  sleep 1
  undo
done
if [ -z "$failed" ]; then
  put_back
  # Somebody may have saved the rules while this one was on trial. What was kept is taken out of the files by lo-doctor, which knows what it saved.
  case $from in saving | confirmed) ;; *) clean_files ;; esac
  mv rolling-back rolled-back
  outcome='is taken back'
else
  printf %s "$failed" >log
  mv rolling-back rollback-failed
  outcome="is not taken back yet: $failed"
fi
command -v logger >/dev/null && logger -t lo-doctor "case ${id} $outcome" 2>/dev/null
sh ./put-away
[ -z "$failed" ]
`;
}

/** `put-away`: moves a settled case to where it is remembered; a temporary one that is over is forgotten. */
export function putAwayScript(id: string, kind: 'trial' | 'temporary'): string {
  const record = quoteForShell(`${RECORD_ROOT}/${id}`);
  const forget = kind === 'temporary' ? '[ -e rolled-back ] && forget=yes' : ':';
  return `# lo-doctor: moves a settled case to where it is remembered.
${HEAD}here=$(cd "\${0%/*}" && pwd) && cd "$here" || exit 1
[ -d /run/systemd/system ] && [ ! -e rollback-failed ] && systemctl stop lo-doctor-${id}.timer >/dev/null 2>&1
# Who takes it back goes on here until it is done.
[ -e rollback-failed ] && exit 0
forget=
${forget}
if [ "$here" != ${record} ]; then
  [ "$forget" ] || { mkdir -p ${record} && cp -p ./* ${record}/; } || exit 1
  sync ${record}/* ${record} 2>/dev/null || sync
  rm -f ${record}/lost
  rm -f ./* && cd / && rmdir "$here"
fi
rm -f ${unitFiles(id).map(quoteForShell).join(' ')}
[ "$forget" ] || exit 0
cd ${record} && rm -f ${CASE_FILES.join(' ')} rolled-back && cd / && rmdir ${record} 2>/dev/null
exit 0
`;
}

/** `at-boot`: takes back a case whose time ended with a power cut, again and again until that is done. It has no time that it was given. */
export const AT_BOOT_SCRIPT = `# lo-doctor: takes a change back that nobody had confirmed when this server went down.
${HEAD}cd "\${0%/*}" || exit 1
id=\${PWD##*/}
read -r now <${BOOT_ID}
for root in ${RUNNING_ROOTS.join(' ')}; do
  # It lives: this is no boot, somebody has started the unit.
  [ -e "$root/$id/armed" ] && read -r boot <"$root/$id/boot" && [ "$boot" = "$now" ] && exit 0
done
for state in lost armed rolling-back; do
  [ -e "$state" ] && sh ./roll-back "$state"
done
pause=1
while [ -e rollback-failed ]; do
  sleep $pause
  pause=$((pause * 2))
  [ $pause -le 60 ] || pause=60
  sh ./roll-back rollback-failed 1
done
exit 0
`;

function lookFor({ command, text, isNeeded }: TagLook): string {
  return `  look ${quoteForShell(text)} ${isNeeded ? 'yes' : 'no'} ${quoteCommand(command)}`;
}

function takeBack({ command, input = '' }: PlannedCommand): string {
  return `  input=${quoteForShell(input)}\n  take_back ${quoteCommand(command)}`;
}
