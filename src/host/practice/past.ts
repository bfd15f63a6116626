// What the practice server's log held before anybody looked, and what goes on in it meanwhile: none of it is about lo.
import type { Server } from './server.ts';

const SCANNERS = ['198.51.100.23', '203.0.113.77', '198.51.100.141', '203.0.113.9'];
const SCANNED = [23, 445, 3389, 5900, 8080, 6379];
const MAC = '02:00:00:00:00:10:02:00:00:00:00:01:08:00';

/** A few hours of an ordinary server's log; the oldest line first. */
export function writePast(server: Server): void {
  const { log } = server;
  const boot = { ago: 16_880 };
  log.write('kernel', 'Linux version 6.1.0-28-amd64 (debian-kernel@lists.debian.org)', { ...boot, priority: 5 });
  log.write('kernel', 'eth0: link up, 1000 Mbps, full duplex', boot);
  log.write('systemd[1]', 'Reached target multi-user.target - Multi-User System.', { ago: 16_870 });
  for (let ago = 14_400; ago > 60; ago -= server.random(400, 900)) {
    if (server.random(1, 3) === 1)
      log.write(`CRON[${server.random(2000, 9000)}]`, '(root) CMD (run-parts --report /etc/cron.hourly)', { ago });
    else
      log.write('kernel', scanLine(server, server.random(1, 4) === 1 ? '[UFW AUDIT] ' : 'IN-DROP: '), {
        ago,
        priority: 4,
      });
  }
  // Somebody tried before: what happened then says nothing about now.
  log.write(
    'kernel',
    `[UFW AUDIT] IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 LEN=60 TOS=0x00 PREC=0x00 TTL=64 ID=${server.random(1, 65_000)} DF PROTO=TCP SPT=${server.random(32_768, 60_999)} DPT=3306 WINDOW=65495 RES=0x00 SYN URGP=0 `,
    { ago: 52, priority: 4 },
  );
  log.write(`sshd[${server.random(2000, 9000)}]`, 'Accepted publickey for root from 198.51.100.7 port 52144 ssh2', {
    ago: 31,
  });
}

/** One more line of what goes on. */
export function writeNoise(server: Server): void {
  const { log, random } = server;
  if (random(1, 2) === 1) log.kernel(scanLine(server, 'IN-DROP: '), 4);
  else
    log.write(
      `sshd[${random(2000, 9000)}]`,
      `Connection closed by ${pick(server, SCANNERS)} port ${random(32_768, 60_999)} [preauth]`,
    );
}

/** A knock from the internet on a closed port, as every public server logs them. */
function scanLine(server: Server, prefix: string): string {
  const { random, addresses } = server;
  const from = `SRC=${pick(server, SCANNERS)} DST=${addresses[0] ?? ''}`;
  const ports = `SPT=${random(32_768, 60_999)} DPT=${pick(server, SCANNED)}`;
  return `${prefix}IN=eth0 OUT= MAC=${MAC} ${from} LEN=44 TOS=0x00 PREC=0x00 TTL=${random(40, 60)} ID=${random(1, 65_000)} PROTO=TCP ${ports} WINDOW=1024 RES=0x00 SYN URGP=0 `;
}

function pick<T>({ random }: Server, from: readonly [T, ...T[]] | readonly T[]): T | undefined {
  return from[random(0, from.length - 1)];
}
