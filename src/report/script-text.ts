// The text of the report's script: POSIX shell, run by dash and busybox too. `#<NAME>` and `<<NAME>>` are filled in for a case.

/** Shared by both: taking the rules back, and looking for them. */
const TAKE_BACK = `take_back() {
#<UNDO>
  :
}
look() {
  needed=$1 text=$2
  shift 2
  if listing=$("$@" 2>/dev/null); then :; elif [ "$needed" = yes ]; then return 2; else return 0; fi
  case $listing in *"$text"*) return 1 ;; esac
}
# 0: gone; 1: a rule of the case is in force; 2: what lists the rules failed.
is_gone() {
#<LOOKS>
  :
}
roll_back() {
  rounds=0
  take_back
  while ! is_gone; do
    rounds=$((rounds + 1))
    [ $rounds -lt 30 ] || return 1
    sleep 1
    take_back
  done
}
`;

/** What waits, on its own: neither the script's end, nor a hang-up, nor a kill of the script ends it. */
export const ROLL_BACK = String.raw`# lo-doctor: takes the fix back unless it was confirmed in time. sh roll-back 0 takes it back now.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
cd "$(dirname "$0")" || exit 3
trap '' HUP INT QUIT PIPE
trap 'left=0' TERM
left=$1
say() {
  printf 'lo-doctor: %s\n' "$1" >>log
  [ -z "$2" ] || [ ! -w "$2" ] || printf '\nlo-doctor: %s\n' "$1" >"$2" 2>/dev/null
}
${TAKE_BACK}
echo $$ >watching
while [ "$left" -gt 0 ] && [ -e armed ]; do
  sleep 1
  left=$((left - 1))
done
# Whoever renames the file has decided. The script itself may have been killed at it: then it is finished here.
if mv armed rolling-back 2>/dev/null; then why='nobody confirmed it in time'; else why='it was given up'; fi
[ -e rolling-back ] || exit 0
if roll_back; then
  mv rolling-back rolled-back 2>/dev/null || exit 0
  say "$why: taken back, the rules are as they were before. (Enter)" "$2"
else
  mv rolling-back rollback-failed 2>/dev/null
  say 'COULD NOT BE TAKEN BACK: its rules may still be in force. (Enter)' "$2"
fi
`;

export const SCRIPT = String.raw`# Paste it into a root shell, or: sh report.sh; sh report.sh undo takes the fix back.
# It arms a rollback that outlives this shell, applies the fix, looks whether it is in force and what works, and asks. Whatever is not
# answered with yes within LO_DOCTOR_WAIT seconds (usually 60) is taken back: after silence, Ctrl-C, a lost connection or a kill, too.
[ -z "$BASH_VERSION" ] || set +H
lo_doctor() (
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
export PATH LC_ALL
umask 077
dir=
say() { printf '%s\n' "lo-doctor: $*"; }
stop() {
  say "$*" >&2
  exit 3
}
${TAKE_BACK}
# is_still NUMBER TEXT LISTING...: the rules are those that the fix was worked out for.
is_still() {
  number=$1 text=$2
  shift 2
  [ "$("$@" 2>/dev/null | sed -n "$((number + 1))p")" = "$text" ] && return
  say "Rule $number is no longer: $text" >&2
  return 1
}
is_as_before() {
#<EXPECTED>
  :
}
is_seen() {
  is_gone
  [ $? = 1 ]
}
apply() {
#<APPLY>
  :
}
try() {
  if command -v bash >/dev/null; then
    ended=$(timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1) && ended=answers
  elif command -v nc >/dev/null; then
    ended=$(nc -w 5 "$1" "$2" </dev/null 2>&1 >/dev/null) && ended=answers
  else
    ended='can not be tried: neither bash nor nc is here'
  fi
  say "TCP to $1 port $2: $(printf %s "$ended" | sed -n '$p')"
}
try_all() {
#<TRIES>
  :
}
tell_lasting() {
#<LASTING>
  :
}
give_up() {
  [ -n "$dir" ] && mv "$dir/armed" "$dir/rolling-back" 2>/dev/null || return 0
  if roll_back; then
    mv "$dir/rolling-back" "$dir/rolled-back" 2>/dev/null
    say 'Taken back: the rules are as they were before.'
  else
    mv "$dir/rolling-back" "$dir/rollback-failed"
    say 'COULD NOT BE TAKEN BACK: its rules may still be in force.' >&2
  fi
}
end() {
  if [ -e "$dir/rollback-failed" ]; then
    say "What takes it back: sh $dir/roll-back" >&2
    exit 3
  fi
  rm -rf "$dir"
  exit "$1"
}
arm() {
  dir=$(mktemp -d /run/lo-doctor-by-hand.XXXXXX 2>/dev/null) || dir=$(mktemp -d) || stop 'No directory could be made.'
  cat >"$dir/roll-back" <<'LO_DOCTOR_END'
<<ROLL_BACK>>LO_DOCTOR_END
  : >"$dir/armed" || stop 'The rollback could not be written.'
  terminal=$(tty 2>/dev/null) || terminal=
  if command -v setsid >/dev/null; then
    setsid sh "$dir/roll-back" "$wait" "$terminal" </dev/null >/dev/null 2>&1 &
  else
    nohup sh "$dir/roll-back" "$wait" "$terminal" </dev/null >/dev/null 2>&1 &
  fi
  for _ in 1 2 3 4 5; do
    [ -s "$dir/watching" ] && return
    sleep 1
  done
  rm -f "$dir/armed"
  stop 'The rollback does not run, so nothing was changed.'
}
ask() {
  answer=
  while [ -z "$answer" ] && [ -e "$dir/armed" ]; do
    printf 'lo-doctor: Keep it? Type yes within %s s, else it is taken back: ' "$wait"
    if (: </dev/tty) 2>/dev/null; then read -r answer </dev/tty || break; else read -r answer || break; fi
  done
}
main() {
  wait=$LO_DOCTOR_WAIT
  case $wait in '' | 0* | *[!0-9]*) wait=60 ;; esac
  [ "$(id -u)" = 0 ] || stop 'Only root can change the rules.'
  case $1 in
    undo)
      roll_back || stop 'Its rules could not be taken back: they may still be in force.'
      say 'Taken back; what was written into files for the next boot is not.'
      exit 0
      ;;
    ?*) stop 'Only undo can be said.' ;;
  esac
  for tool in <<TOOLS>>; do command -v "$tool" >/dev/null || stop "$tool is not here, so nothing was changed."; done
  is_gone
  case $? in
    1) stop 'Its rules are in force already, so nothing was changed. sh report.sh undo takes them back.' ;;
    2) stop 'The rules could not be listed, so nothing was changed.' ;;
  esac
  is_as_before || stop 'The rules have changed since this was worked out, so nothing was changed. Run lo-doctor anew.'
  trap 'give_up; end 5' HUP INT TERM
  arm
  say "The rollback is armed: it comes in $wait s, whatever happens here."
  if apply && is_seen; then
    say 'The fix is in force, on trial.'
  else
    say 'The fix was not applied.' >&2
    give_up
    end 3
  fi
  try_all
  ask
  case $answer in
    [Yy] | [Yy][Ee][Ss])
      if mv "$dir/armed" "$dir/kept" 2>/dev/null; then
        say 'Kept, until the rules are loaded anew. sh report.sh undo takes it back. So that it lasts:'
        tell_lasting
        end 0
      fi
      ;;
  esac
  give_up
  while [ -e "$dir/rolling-back" ]; do sleep 1; done
  [ -e "$dir/log" ] && cat "$dir/log"
  end 5
}
main "$@"
)
lo_doctor "$@"
`;
