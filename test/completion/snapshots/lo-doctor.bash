# bash completion for lo-doctor
_lo_doctor() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' word
  # --format=x comes as three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      practice|check|trace|logs|explain|fix|confirm|undo|report|schema|completion) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
    ' --confirm-within') return ;;
    'practice --confirm-within') return ;;
    'check --rules') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'check --rules4') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'check --rules6') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'check --format') mapfile -t COMPREPLY < <(compgen -W 'text json nagios prometheus github sarif' -- "$cur"); return ;;
    'check --output') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'trace --to') return ;;
    'trace --dport') return ;;
    'trace --proto') mapfile -t COMPREPLY < <(compgen -W 'tcp udp icmp' -- "$cur"); return ;;
    'trace --from') return ;;
    'trace --sport') return ;;
    'trace --uid') return ;;
    'trace --rules') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'trace --rules4') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'trace --rules6') compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    'logs --since') return ;;
    'fix --service') return ;;
    'fix --confirm-within') return ;;
    'report --format') mapfile -t COMPREPLY < <(compgen -W 'md html json sh' -- "$cur"); return ;;
  esac
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W 'practice check trace logs explain fix confirm undo report schema completion --json --plain --screen-reader --no-color --confirm-within --version --help' -- "$cur") ;;
    practice) mapfile -t COMPREPLY < <(compgen -W 'wordpress mail service-down permit-after-drop nobody-listens own-address ipv6 names input-side wrong-password elsewhere log-after-drop container limited-log kill-switch --list --debrief --json --plain --screen-reader --no-color --confirm-within --help' -- "$cur"); ;;
    check) mapfile -t COMPREPLY < <(compgen -W '--rules --rules4 --rules6 --format --output --quiet --json --no-color --help' -- "$cur"); ;;
    trace) mapfile -t COMPREPLY < <(compgen -W '--to --dport --proto --from --sport --uid --rules --rules4 --rules6 --json --no-color --help' -- "$cur"); ;;
    logs) mapfile -t COMPREPLY < <(compgen -W '--since --json --no-color --help' -- "$cur"); [[ $cur == -* ]] || { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); } ;;
    explain) mapfile -t COMPREPLY < <(compgen -W '--json --no-color --help' -- "$cur"); ;;
    fix) mapfile -t COMPREPLY < <(compgen -W '--all --open-guards --service --dry-run --rehearse --yes --json --plain --screen-reader --no-color --confirm-within --help' -- "$cur"); ;;
    confirm) mapfile -t COMPREPLY < <(compgen -W '--json --no-color --help' -- "$cur"); ;;
    undo) mapfile -t COMPREPLY < <(compgen -W '--json --no-color --help' -- "$cur"); ;;
    report) mapfile -t COMPREPLY < <(compgen -W '--format --privacy --json --no-color --help' -- "$cur"); ;;
    schema) mapfile -t COMPREPLY < <(compgen -W 'check trace entry logs fix rehearsal confirm undo report scenarios debriefs --json --no-color --help' -- "$cur"); ;;
    completion) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish --json --no-color --help' -- "$cur"); ;;
  esac
}
complete -F _lo_doctor lo-doctor
