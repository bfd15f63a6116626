// Where rsyslogd's configuration takes a kernel line: by every kind of filter that it has.
import { expect, test } from 'vitest';
import { type ConfigLine, followRsyslog } from '../../../src/log/rsyslog/follow-rsyslog.ts';

const text = 'FINAL: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 PROTO=TCP SPT=40000 DPT=25 ';

const lines = (config: string): ConfigLine[] =>
  config.split('\n').map((line, index) => ({ file: 'r', number: index + 1, text: line }));

/** `stop 3`, `stop? 3`: by which line; the files, those of an unknown condition with a `?`. */
function follow(config: string, level = 4): string[] {
  const { stopped, files } = followRsyslog(lines(config), { text, level });
  return [
    ...files.map(({ path, isSure }) => (isSure ? path : `${path}?`)),
    ...(stopped === null ? [] : [`stop${stopped.isSure ? '' : '?'} ${stopped.line.number}`]),
  ];
}

const debian = `
module(load="imuxsock") # provides support for local system logging
$FileOwner root
$WorkDirectory /var/spool/rsyslog
template(name="t" type="list") {
  property(name="msg") constant(value=" stop }\\n")
}
*.*;auth,authpriv.none		-/var/log/syslog
kern.*				-/var/log/kern.log
mail.*	 -/var/log/mail.log
*.emerg				:omusrmsg:*`;

test("a distribution's own configuration writes kernel lines", () => {
  expect(follow(debian)).toEqual(['/var/log/syslog', '/var/log/kern.log']);
});

test.each([
  ['*.info;mail.none;authpriv.none;cron.none /m', 6, ['/m']],
  ['*.info /m', 7, []],
  ['*.=debug /m', 7, ['/m']],
  ['*.=debug /m', 4, []],
  ['*.info;kern.none /m', 4, []],
  ['kern.none;*.info /m', 4, ['/m']],
  ['*.*;kern.!warning /m', 4, []],
  ['*.*;kern.!warning /m', 6, ['/m']],
  ['auth,kern.err /m', 4, []],
  ['auth,kern.warn /m', 4, ['/m']],
  ['0.* /m;TraditionalFormat', 4, ['/m']],
] as const)('the selector %s takes a kernel message of level %i: %j', (config, level, expected) => {
  expect(follow(config, level)).toEqual(expected);
});

test.each([
  [':msg, contains, "OUT=lo" stop', ['stop 1']],
  [':msg,contains,"[UFW " /var/log/ufw.log\n& stop', []],
  [':msg,contains,"FINAL" /f\n& ~\n*.* /s', ['/f', 'stop 2']],
  [':msg, !contains, "sshd" ~', ['stop 1']],
  [':programname, isequal, "kernel" stop', ['stop 1']],
  [':msg, regex, "IN=.*lo" stop\n*.* /s', ['/s', 'stop? 1']],
  [':fromhost-ip, isequal, "127.0.0.1" stop\n*.* /s', ['/s', 'stop? 1']],
  ['kern.* stop', ['stop 1']],
  ['# kern.* stop\n*.* /s # stop', ['/s']],
])('the filter %s', (config, expected) => {
  expect(follow(config)).toEqual(expected);
});

test.each([
  ["if $msg contains 'OUT=lo' then stop\n*.* /s", ['stop 1']],
  ["if $syslogfacility-text == 'kern' \\\nand $msg contains 'AIF:' then -/a\n& stop\n*.* /s", ['/s']],
  ["if $syslogfacility-text == 'kern' \\\nand $msg contains 'FINAL:' then -/a\n& stop\n*.* /s", ['/a', 'stop 3']],
  ['if ($msg contains "a" or $msg contains "FINAL") and not ($syslogseverity <= 3) then {\n  stop\n}', ['stop 2']],
  ['if $msg contains "x" then {\n  stop\n} else {\n  action(type="omfile"\n    file="/f")\n}\n*.* /s', ['/f', '/s']],
  ['if $msg contains "FINAL" then /a\nelse if $msg contains "IN" then /b\nelse /c', ['/a']],
  ['if $msg contains "x" then /a\nelse if $msg contains "IN" then /b\nelse /c', ['/b']],
  ['if $msg contains "x" then { if $msg contains "IN" then { stop } }\n*.* /s', ['/s']],
  ['if re_match($msg, "IN=") then stop\n*.* /s', ['/s', 'stop? 1']],
  ['if re_match($msg, "(IN=") or $msg contains "FINAL" then stop', ['stop 1']],
  ['if $!usr!x == "1" and $msg contains "nothing" then stop\n*.* /s', ['/s']],
  ['if $msg contains "}" then stop\n*.* /s', ['/s']],
  ['if $programname == ["a", "kernel"] then stop\n*.* /s', ['/s', 'stop? 1']],
  ['action(type="omfile" file="/f")', ['/f']],
  ['ruleset(name="remote") {\n  stop\n}\n*.* /s', ['/s']],
])('the script %s', (config, expected) => {
  expect(follow(config)).toEqual(expected);
});

test('nothing that a file may hold makes it throw', () => {
  for (const config of [
    'if',
    'if then',
    '}',
    '} }',
    'if ( then {',
    '"',
    ":msg, contains, '",
    '& stop',
    'else stop',
    '\\',
    '{',
  ])
    expect(() => follow(`${config}\n*.* /s`)).not.toThrow();
});
