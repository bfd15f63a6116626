#compdef lo-doctor
_lo-doctor() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
    'practice:the wizard on the practice server, in memory: nothing of this machine is touched'
    'check:one look without questions: does loopback pass, would its drop be logged, who manages the firewall'
    'trace:the way of one loopback conversation through the rules, with the rule that stops it'
    'logs:what the firewall logged so far, grouped by conversation, loopback first'
    'explain:a log line, field by field; - reads many from standard input'
    'fix:permit loopback without the wizard: planned, proved, applied with a rollback, kept'
    'confirm:keep a fix that waits for its confirmation'
    'undo:take a fix back, also from the files of the next boot'
    'report:the report of a walk or a fix, for the ticket'
    'schema:the JSON Schema of a document that a command prints'
    'completion:what a shell needs to complete this command line'
  )
  _arguments -C \
    '--json[print a document for machines]' \
    '--plain[prompts and lines instead of a full screen]' \
    '--screen-reader[for a screen reader\: lines that are only ever added, all in words (also by the variable ACCESSIBLE)]' \
    '--no-color[no colours (also by the variable NO_COLOR)]' \
    '--confirm-within[how long a fix waits to be kept before it is rolled back (the wizard\: 60); fix --yes then waits for lo-doctor confirm]:seconds:' \
    '--version[print the version]' \
    '--help[print this help]' \
    '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
        practice) _arguments '--list[list the scenarios, with their level, their lesson, and whether you have solved them]' '--debrief[what came of the scenarios that were practised, and how each goes by hand]' '--json[print a document for machines]' '--plain[prompts and lines instead of a full screen]' '--screen-reader[for a screen reader\: lines that are only ever added, all in words (also by the variable ACCESSIBLE)]' '--no-color[no colours (also by the variable NO_COLOR)]' '--confirm-within[how long a fix waits to be kept before it is rolled back (the wizard\: 60); fix --yes then waits for lo-doctor confirm]:seconds:' '--help[print this help]' '1:scenario:(wordpress mail service-down permit-after-drop nobody-listens own-address ipv6 names input-side wrong-password elsewhere log-after-drop container limited-log kill-switch)' ;;
        check) _arguments '*--rules[read a dump instead of this server\: iptables-save, ip6tables-save, nft -j; repeatable]:file:_files' '*--rules4[a dump of iptables-save that does not tell so itself]:file:_files' '*--rules6[a dump of ip6tables-save that does not tell so itself]:file:_files' '--format[for people, or for another program]:format:(text json nagios prometheus github sarif)' '--output[with --format prometheus\: put it into this file in one step, instead of standard output]:file:_files' '--quiet[print nothing where loopback passes]' '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' ;;
        trace) _arguments '--to[the address that is talked to\: 127.0.0.1, \:\:1, one of the server'\''s own]:address:' '--dport[the port of the service]:port:' '--proto[the protocol]:protocol:(tcp udp icmp)' '--from[the address that talks; usually the same]:address:' '--sport[the port of the client]:port:' '--uid[the user whose program talks]:number:' '*--rules[read a dump instead of this server\: iptables-save, ip6tables-save, nft -j; repeatable]:file:_files' '*--rules4[a dump of iptables-save that does not tell so itself]:file:_files' '*--rules6[a dump of ip6tables-save that does not tell so itself]:file:_files' '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' ;;
        logs) _arguments '--since[only entries since then\: 2026-06-20, "2026-06-20 18\:11", 18\:11, 2h, yesterday]:time:' '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '*:file:_files' ;;
        explain) _arguments '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:line:' ;;
        fix) _arguments '--all[permit all loopback traffic but what guards stop (recommended)]' '--open-guards[with --all\: permit also what rules stop on purpose, by owner, port or address]' '*--service[permit only these services on loopback\: tcp/25, udp/53, icmp]:service:' '--dry-run[show the commands and what they do, change nothing]' '--rehearse[try the rollback out on a rule that does nothing\: is it taken back here when nobody confirms?]' '--yes[apply without asking; what works afterwards is kept, what does not is rolled back]' '--json[print a document for machines]' '--plain[prompts and lines instead of a full screen]' '--screen-reader[for a screen reader\: lines that are only ever added, all in words (also by the variable ACCESSIBLE)]' '--no-color[no colours (also by the variable NO_COLOR)]' '--confirm-within[how long a fix waits to be kept before it is rolled back (the wizard\: 60); fix --yes then waits for lo-doctor confirm]:seconds:' '--help[print this help]' ;;
        confirm) _arguments '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:case:' ;;
        undo) _arguments '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:case:' ;;
        report) _arguments '--format[Markdown, a page to be looked at, a document, or a script for servers that take only a paste]:format:(md html json sh)' '--privacy[rename addresses, hosts and users, so that it can be shown to strangers]' '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:case:' ;;
        schema) _arguments '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:document:(check trace entry logs fix rehearsal confirm undo report scenarios debriefs)' ;;
        completion) _arguments '--json[print a document for machines]' '--no-color[no colours (also by the variable NO_COLOR)]' '--help[print this help]' '1:shell:(bash zsh fish)' ;;
      esac ;;
  esac
}
if [ "$funcstack[1]" = _lo-doctor ]; then _lo-doctor "$@"; else compdef _lo-doctor lo-doctor; fi
