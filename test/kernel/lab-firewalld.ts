// firewalld in a lab, with a D-Bus daemon of its own.
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';
import { describeKernel } from './available.ts';
import type { Lab } from './lab.ts';

const missing = ['firewalld', 'firewall-cmd', 'dbus-daemon'].filter(
  (program) => spawnSync('which', [program]).status !== 0,
);
const skipped = missing.length > 0 && process.env.CI !== 'true';
if (skipped) console.warn(`Skipped: tests with the real firewalld: ${missing.join(', ')} not installed.`);

/** `describe` for tests in a lab that need firewalld. It isn't installed for them: its package would switch it on for the machine. */
export const describeFirewalld = skipped ? describe.skip : describeKernel;

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
