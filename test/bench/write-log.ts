// Writes a syslog of any size for the bench: what a busy server logs, and among it the kernel's packet lines.

import { closeSync, openSync, writeSync } from 'node:fs';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const OTHERS = [
  'sshd[2113]: Failed password for invalid user admin from 203.0.113.7 port 51512 ssh2',
  'systemd[1]: Started Session 41243 of User www-data.',
  'CRON[30211]: (root) CMD (test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily ))',
  'postfix/smtpd[911]: connect from localhost[127.0.0.1]',
  'named[712]: client @0x7f0 127.0.0.1#40211 (example.org): query: example.org IN A +E(0)K',
  'kernel: [812371.118273] usb 1-1: new high-speed USB device number 4 using xhci_hcd',
  'dhclient[601]: DHCPACK of 10.0.0.7 from 10.0.0.1 (xid=0x7d2f)',
  'nginx: 10.0.0.9 - - "GET /OUT/SRC/index.php HTTP/1.1" 200 5120',
];
const PORTS = [21, 25, 53, 80, 443, 587, 3306, 6379, 9000, 22, 23, 445, 3389, 8080];

/** Kernel lines a file may consist of: its share is `packets`, of them a third on lo. Seeded: the same file each time. */
export type LogShape = { bytes: number; packets: number; seed?: number };

/** Writes the file; returns how many lines, packet lines and lines with OUT=lo it has. */
export function writeLog(
  path: string,
  { bytes, packets, seed = 1 }: LogShape,
): { lines: number; entries: number; loopback: number } {
  const file = openSync(path, 'w');
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
  const counts = { lines: 0, entries: 0, loopback: 0 };
  let seconds = 0;
  let written = 0;
  while (written < bytes) {
    const batch: string[] = [];
    for (let i = 0; i < 8192; i++) {
      if (random(40) === 0) seconds++;
      const head = `${stamp(seconds)} web1 `;
      if (random(1e6) < packets * 1e6) {
        const loopback = random(3) === 0;
        batch.push(head + packetLine(random, loopback, seconds));
        counts.entries++;
        if (loopback) counts.loopback++;
      } else batch.push(head + OTHERS[random(OTHERS.length)]);
      counts.lines++;
    }
    written += writeSync(file, `${batch.join('\n')}\n`);
  }
  closeSync(file);
  return counts;
}

function stamp(seconds: number): string {
  const date = new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
  const day = String(date.getUTCDate()).padStart(2);
  return `${MONTHS[date.getUTCMonth()]} ${day} ${date.toISOString().slice(11, 19)}`;
}

function packetLine(random: (below: number) => number, loopback: boolean, seconds: number): string {
  const port = PORTS[random(PORTS.length)];
  const client = 32768 + random(28000);
  const way = loopback
    ? 'OUTPUT_DROP: IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1'
    : `[UFW BLOCK] IN=eth0 OUT= MAC=00:08:a2:0c:1f:12:00:c8:8b:e2:d6:87:08:00 SRC=198.51.100.${random(255)} DST=192.0.2.10`;
  const uptime = `${seconds}.${String(random(1e6)).padStart(6, '0')}`;
  return `kernel: [${uptime}] ${way} LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=${random(65536)} DF PROTO=TCP SPT=${client} DPT=${port} WINDOW=65495 RES=0x00 SYN URGP=0 `;
}
