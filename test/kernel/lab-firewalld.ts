// firewalld in a lab, with a D-Bus daemon of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.ts';

/** Starts firewalld in the lab as it comes from its package. */
export async function startFirewalld(lab: Lab): Promise<void> {
  await lab.run(['sh', '-ec', 'mkdir -p /run/dbus; dbus-daemon --system --fork']);
  const daemon = await lab.spawn(['firewalld', '--nofork', '--nopid']);
  for (let tries = 0; tries < 50; tries++) {
    if ((await lab.exec(['firewall-cmd', '--state'])).code === 0) return;
    await sleep(200);
  }
  throw new Error(`firewalld did not start\n${daemon.stderr()}`);
}
