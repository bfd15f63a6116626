// The shapes that a kernel's message has in the logs of servers: heads, wrappers, and what happens to lines on their way.

export type LogShape = {
  readonly name: string;
  readonly line: (message: string) => string;
  /** RFC 3339, without a zone where the shape has none; null where it tells no time of day. */
  readonly time: string | null;
  readonly host: string | null;
  readonly uptime?: number;
  readonly repeated?: number;
  /** The line ends before it says what the packet is. */
  readonly cut?: true;
  /** The line has the rule's prefix otherwise than the rule has it. */
  readonly prefix?: (prefix: string) => string;
};

const LOCAL = '2026-06-20T18:11:21';
const json = (record: object) => JSON.stringify(record);
const head = (name: string, text: string, time: string | null, host: string | null, more: Partial<LogShape> = {}) => ({
  name,
  line: (message: string) => text + message.trimEnd(),
  time,
  host,
  ...more,
});

/** As printk's readers get them: bytes beyond ASCII and backslashes in hexadecimal. */
const escaped = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => (byte > 126 || byte === 92 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)))
    .join('');
const uptime = { uptime: 123.456789 };

export const logShapes: readonly LogShape[] = [
  head('nothing but the message', '', null, null),
  head('syslog', 'Jun 20 18:11:21 web1 kernel: ', LOCAL, 'web1'),
  head('syslog with the kernel’s clock', 'Jun 20 18:11:21 web1 kernel: [  123.456789] ', LOCAL, 'web1', uptime),
  head(
    'syslog, RFC 3339',
    '2026-06-20T18:11:21.123456+02:00 web1 kernel: [  123.456789] ',
    '2026-06-20T16:11:21.123Z',
    'web1',
    uptime,
  ),
  head('RFC 5424', '<4>1 2026-06-20T16:11:21.123Z web1 kernel - - - ', '2026-06-20T16:11:21.123Z', 'web1'),
  head(
    'RFC 5424 with data',
    '<4>1 2026-06-20T16:11:21Z web1 kernel - - [origin ip="192.0.2.1"] ',
    '2026-06-20T16:11:21Z',
    'web1',
  ),
  head('syslog over the network', '<4>Jun 20 18:11:21 web1 kernel: ', LOCAL, 'web1'),
  head('behind a relay', 'Jun 20 18:11:21 relay Jun 20 18:11:19 web1 kernel: ', LOCAL, 'relay'),
  head('syslog with facility and level', 'Jun 20 18:11:21 web1 kern.warn kernel: ', LOCAL, 'web1'),
  head('journalctl short-iso', '2026-06-20T18:11:21+0200 web1 kernel: ', '2026-06-20T16:11:21Z', 'web1'),
  head('journalctl short-full', 'Sat 2026-06-20 16:11:21 UTC web1 kernel: ', '2026-06-20T16:11:21Z', 'web1'),
  head('journalctl short-unix', '1781979081.123456 web1 kernel: ', '2026-06-20T18:11:21.123Z', 'web1'),
  head('journalctl short-monotonic', '[  123.456789] web1 kernel: ', null, 'web1', uptime),
  head('journalctl -o cat', '', null, null),
  head('dmesg', '[  123.456789] ', null, null, uptime),
  head('dmesg of a kernel that tells the caller', '[  123.456789][    T1] ', null, null, uptime),
  head('dmesg -T', '[Sat Jun 20 18:11:21 2026] ', LOCAL, null),
  head('dmesg -x', 'kern  :warn  : [  123.456789] ', null, null, uptime),
  head('dmesg --time-format iso', '2026-06-20T18:11:21,123456+02:00 ', '2026-06-20T16:11:21.123Z', null),
  head('dmesg --raw', '<4>[  123.456789] ', null, null, uptime),
  head('ulogd', 'Jun 20 18:11:21 web1 ulogd[812]: ', LOCAL, 'web1'),
  head('Kubernetes', '2026-06-20T16:11:21.123456789Z stdout F ', '2026-06-20T16:11:21.123Z', null),
  head('grep over several files', '/var/log/kern.log.1:Jun 20 18:11:21 web1 kernel: ', LOCAL, 'web1'),
  head('a German locale', 'Okt 20 18:11:21 web1 kernel: ', '2026-10-20T18:11:21', 'web1'),
  head('a byte order mark before it', '\ufeffJun 20 18:11:21 web1 kernel: ', LOCAL, 'web1'),
  {
    name: 'colours of a terminal',
    line: (message) => `\x1b[0;1;39mJun 20 18:11:21\x1b[0m web1 \x1b[31mkernel\x1b[0m: \x1b[1m${message}\x1b[0m`,
    time: LOCAL,
    host: 'web1',
  },
  {
    name: '/dev/kmsg',
    line: (message) => `4,1234,123456789,-;${escaped(message)}`,
    time: null,
    host: null,
    ...uptime,
    prefix: escaped,
  },
  {
    name: 'rsyslog, repeated',
    line: (message) => `Jun 20 18:11:21 web1 kernel: message repeated 3 times: [ [  123.456789] ${message}]`,
    time: LOCAL,
    host: 'web1',
    ...uptime,
    repeated: 3,
  },
  {
    name: 'Windows line ends',
    line: (message) => `Jun 20 18:11:21 web1 kernel: ${message}\r`,
    time: LOCAL,
    host: 'web1',
  },
  {
    name: 'cut off before the protocol',
    line: (message) => `Jun 20 18:11:21 web1 kernel: ${message.replace(/ PROTO=.*/, '')}`,
    time: LOCAL,
    host: 'web1',
    cut: true,
  },
  {
    name: 'journalctl -o json',
    line: (message) =>
      json({
        _TRANSPORT: 'kernel',
        SYSLOG_IDENTIFIER: 'kernel',
        _HOSTNAME: 'web1',
        __REALTIME_TIMESTAMP: '1781979081123456',
        _SOURCE_MONOTONIC_TIMESTAMP: '123456789',
        MESSAGE: message,
      }),
    time: '2026-06-20T18:11:21.123Z',
    host: 'web1',
    ...uptime,
  },
  {
    name: 'journalctl -o json, bytes',
    line: (message) => json({ MESSAGE: [...Buffer.from(message)], __REALTIME_TIMESTAMP: '1781979081123456' }),
    time: '2026-06-20T18:11:21.123Z',
    host: null,
  },
  {
    name: 'Docker',
    line: (message) =>
      json({ log: `Jun 20 18:11:21 web1 kernel: ${message}\n`, stream: 'stdout', time: '2026-06-20T16:11:22Z' }),
    time: '2026-06-20T16:11:22Z',
    host: 'web1',
  },
  {
    name: 'a shipper’s record',
    line: (message) => json({ '@timestamp': '2026-06-20T16:11:21.123Z', host: { hostname: 'web1' }, message }),
    time: '2026-06-20T16:11:21.123Z',
    host: 'web1',
  },
];
