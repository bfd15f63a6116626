// Lines of all shapes say what their packets were: the project's own, always, and other projects' where their corpus lies beside this one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseLine } from '../../src/log/packet/parse-line.ts';
import { logShapes } from './log-shapes.ts';
import { type ExpectedPacket, readDaemonLines, readKernelMessages, readOtherLines } from './own-lines.ts';

const CORPUS = '../shared/corpora/logs';
const here = existsSync(CORPUS);
if (!here) console.warn(`${CORPUS} is not here: the project’s own lines are read alone`);
const now = new Date('2026-11-22T17:00:00Z');
const linesOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const messages = readKernelMessages();

/** The time that a shape tells, in the words of an entry. */
const utc = (time: string | null): string | null => (time === null ? null : new Date(time).toISOString());

/** What is left of a packet where the line ends before it says more. */
function cutOff({ prefix, in: inward, out, src, dst, ttl }: ExpectedPacket): object {
  return { prefix, in: inward, out, src, dst, ttl, proto: null, spt: null, dpt: null, incomplete: true };
}

test.each(logShapes)('reads every message of the kernel in the shape of $name', (shape) => {
  for (const { name, message, expected } of messages) {
    const { entry, host, uptime, repeated } = parseLine(shape.line(message), { now });
    const packet = shape.cut ? cutOff(expected) : { incomplete: false, ...expected };
    const prefix = expected.prefix === null ? null : (shape.prefix ?? String)(expected.prefix);
    expect({ name, host, uptime, repeated, ...entry }).toMatchObject({
      name,
      ...packet,
      prefix,
      time: utc(shape.time),
      host: shape.host,
      uptime: shape.uptime ?? null,
      repeated: shape.repeated ?? 1,
    });
  }
});

test.each(readDaemonLines())('reads what $writer wrote', ({ line, expected: { between, host, packet } }) => {
  const [from, to] = between?.map((time) => new Date(time)) ?? [];
  const { entry, time } = parseLine(line, { now: to ?? now });
  expect({ ...entry, timed: time !== null }).toMatchObject({ ...packet, host, timed: between !== null });
  if (from && to) expect(from <= new Date(time ?? 0) && new Date(time ?? 0) <= to, line).toBe(true);
});

test.each(readOtherLines())('%j is no netfilter line', (line) => {
  expect(parseLine(line, { now }).entry).toBeNull();
});

/** `results["stage"]["parser"][n].Evt.Group["name"] == "value"` or `….Evt.Unmarshaled["iptables"]["DPT"] == "80"`. */
const ASSERTION =
  /^results\["(?:s00-raw|s01-parse)"\]\["[^"]*(?:iptables|unifi)[^"]*"\]\[(\d+)\]\.(?:Evt\.(?:Parsed|Unmarshaled\["iptables"\])\["(\w+)"\] == "(.*)"|Success == (false))$/;

/** crowdsec's names, and the kernel's, for what we call otherwise. LEN is left out: crowdsec takes the last one. */
const FIELDS: Record<string, string> = {
  IN: 'in',
  OUT: 'out',
  SRC: 'src',
  DST: 'dst',
  MAC: 'mac',
  TTL: 'ttl',
  ID: 'id',
  PROTO: 'proto',
  SPT: 'spt',
  DPT: 'dpt',
  src_ip: 'src',
  dst_ip: 'dst',
  src_port: 'spt',
  dst_port: 'dpt',
  proto: 'proto',
  physin: 'physin',
  physout: 'physout',
  iface: 'in',
  oface: 'out',
  logsource: '',
};

const expected = (name: string, value: string): unknown => {
  if (value === '') return null;
  return ['ttl', 'id', 'spt', 'dpt'].includes(name) ? Number(value) : value;
};

test.skipIf(!here).each([
  ['iptables-logs', 'iptables-logs.log', 3],
  ['proxmox-iptables-logs', 'proxmox-iptables.log', 10],
  ['unifi-logs', 'unifi-logs.log', 3],
])('reads the fields of %s as crowdsec expects them', (folder, file, entries) => {
  const lines = linesOf(`${CORPUS}/crowdsec/${folder}/${file}`);
  const parsed = lines.map((line) => parseLine(line, { now }).entry);
  expect(parsed.filter((entry) => entry !== null)).toHaveLength(entries);
  let compared = 0;
  for (const assertion of linesOf(`${CORPUS}/crowdsec/${folder}/parser.assert`)) {
    const [, index, name = '', value = ''] = ASSERTION.exec(assertion) ?? [];
    const field = FIELDS[name];
    const entry = parsed[Number(index)];
    if (!field || !entry) continue;
    expect({ [field]: entry[field as keyof typeof entry] }, assertion).toEqual({ [field]: expected(field, value) });
    compared++;
  }
  expect(compared).toBeGreaterThan(entries * 3);
});

test.skipIf(!here)('reads every line of a scan of many ports', () => {
  const lines = linesOf(`${CORPUS}/crowdsec/iptables-scan-multi-port/iptables-scan-multi-port.log`);
  const entries = lines.map((line) => parseLine(line, { now }).entry);
  expect(entries.filter((entry) => entry?.dpt === null || entry === null)).toEqual([]);
  expect(entries.filter((entry) => entry?.loopback)).toHaveLength(
    lines.filter((line) => line.includes('IN=lo')).length,
  );
});

test.skipIf(!here)('reads every netfilter line that psad is tested with', () => {
  const files = readdirSync(`${CORPUS}/psad`).filter((file) => file !== 'ORIGIN.txt');
  let entries = 0;
  for (const line of files.flatMap((file) => linesOf(`${CORPUS}/psad/${file}`))) {
    const { entry, time, host } = parseLine(line, { now });
    expect(entry !== null, line).toBe(line.includes(' SRC='));
    if (entry === null) continue;
    entries++;
    expect([time, host, entry.incomplete], line).toEqual([
      expect.any(Number),
      expect.any(String),
      line.includes('INCOMPLETE'),
    ]);
    expect(entry).toMatchObject(naiveFields(line));
  }
  expect(entries).toBeGreaterThan(12_000);
});

/** What a plain search finds; good enough where the prefix is tame and nothing is embedded. */
function naiveFields(line: string): Record<string, unknown> {
  const first = (name: string): string | null => new RegExp(` ${name}=(\\S+)`).exec(line)?.[1] ?? null;
  const number = (name: string): number | null => (first(name) === null ? null : Number(first(name)));
  return {
    len: number('LEN'),
    spt: number('SPT'),
    dpt: number('DPT'),
    type: number('TYPE'),
    ttl: number('TTL') ?? number('HOPLIMIT'),
    id: number('ID'),
    out: first('OUT'),
    flags: ['URG', 'ACK', 'PSH', 'RST', 'SYN', 'FIN'].filter((flag) => line.includes(` ${flag} `)),
  };
}
