// Lines of the kernel and of the audit log that say who else has thrown something away: SELinux, AppArmor, a full table, a martian.
import type { Complaint } from '../../diagnosis/witness.ts';
import type { Host } from '../host.ts';

/** A line, and how many seconds before now it was written. */
type Aged = Complaint & { readonly age: number };

const WORDS: readonly (readonly [RegExp, Complaint['kind']])[] = [
  [/avc: +denied|apparmor="DENIED"/, 'denial'],
  [/nf_conntrack: (?:nf_conntrack: )?table full, dropping packet/, 'conntrack-full'],
  [/[Pp]ossible SYN flooding on port/, 'syn-flood'],
  [/martian (?:source|destination)/, 'martian'],
];

/** Lines that are looked at of the audit log. */
const LINES = 400;
const AUDIT_LOG = '/var/log/audit/audit.log';

/** A line that came while the clock was asked is a little younger than now; one from further on was written by another clock. */
const AHEAD = -5;

/** Those of the last `within` seconds; null where neither log can be read together with the clock that it is written by. */
export async function readKernelComplaints(host: Host, within: number): Promise<Aged[] | null> {
  const [kernel, audit, uptime, date] = await Promise.all([
    host.run(['dmesg']),
    host.run(['tail', '-n', `${LINES}`, AUDIT_LOG]),
    host.run(['cat', '/proc/uptime']),
    host.run(['date', '+%s']),
  ]);
  const up = uptime.code === 0 ? Number.parseFloat(uptime.stdout) : Number.NaN;
  const now = date.code === 0 && date.stdout.trim() !== '' ? Number(date.stdout.trim()) : Number.NaN;
  const hasKernel = kernel.code === 0 && !Number.isNaN(up);
  const hasAudit = audit.code === 0 && !Number.isNaN(now);
  if (!hasKernel && !hasAudit) return null;
  return [
    // `[  123.456789] audit: type=1400 audit(…): apparmor="DENIED" …`
    ...find(kernel.stdout, /^(?:<\d+>)?\[ *(\d+\.\d+)\]/, up),
    // `type=AVC msg=audit(1700000000.123:45): avc:  denied  { name_connect } …`
    ...find(audit.stdout, /msg=audit\((\d+\.\d+):/, now),
  ]
    .filter(({ age }) => age <= within && age >= AHEAD)
    .map((one) => ({ ...one, age: Math.max(0, one.age) }));
}

function find(text: string, stamp: RegExp, now: number): Aged[] {
  return text.split('\n').flatMap((line) => {
    const kind = WORDS.find(([words]) => words.test(line))?.[1];
    const time = stamp.exec(line)?.[1];
    return kind === undefined || time === undefined ? [] : [{ kind, line: line.trim(), age: now - Number(time) }];
  });
}
