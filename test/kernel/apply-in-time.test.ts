// A process that sleeps beyond the time of its rollback (stopped, frozen, suspended) leaves nothing in force when it wakes.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { PlannedCommand } from '../../src/firewall/fix/plan.ts';
import type { Host } from '../../src/host/host.ts';
import { startTrial } from '../../src/host/trial/trial.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const programs = ['iptables', 'ip6tables'] as const;

function permits(id: string): { apply: PlannedCommand[]; undo: PlannedCommand[] } {
  const step = (program: string, verb: string): PlannedCommand => ({
    command: [
      program,
      '-w',
      '5',
      '-t',
      'filter',
      verb,
      'OUTPUT',
      '-o',
      'lo',
      '-m',
      'comment',
      '--comment',
      `lo-doctor ${id}: permit loopback`,
      '-j',
      'ACCEPT',
    ],
  });
  return { apply: programs.map((one) => step(one, '-A')), undo: programs.map((one) => step(one, '-D')) };
}

const tags = async (lab: Lab): Promise<number> =>
  (await lab.run(['sh', '-c', 'iptables-save; ip6tables-save'])).split('permit loopback').length - 1;

/** A host whose process sleeps right before, or right after, it has the second family's command run. */
function sleepy(host: Host, when: 'before' | 'after', program: string): Host & { readonly ran: string[] } {
  const ran: string[] = [];
  return {
    ...host,
    ran,
    run: async (command, options) => {
      const isIt = command[0] === program && command.includes('-A');
      if (isIt && when === 'before') await sleep(14_000);
      if (command.includes('-A')) ran.push(command[0]);
      const result = await host.run(command, options);
      if (isIt && when === 'after') await sleep(14_000);
      return result;
    },
  };
}

describeKernel('a fix whose process slept beyond its time', () => {
  it.each([
    ['after', 'iptables', ['iptables']],
    ['after', 'ip6tables', ['iptables', 'ip6tables']],
    ['before', 'iptables', ['iptables']],
    ['before', 'ip6tables', ['iptables', 'ip6tables']],
  ] as const)(
    '%s %s is applied leaves no rule, and says so',
    async (when, program, ran) => {
      await using lab = await startLab();
      const host = sleepy(hostInLab(lab), when, program);
      const started = startTrial(host, { caseId: 's', ...permits('s'), confirmWithin: 10 });
      await expect(started).rejects.toThrow(/taken back/);
      expect(host.ran).toEqual(ran);
      expect(await tags(lab)).toBe(0);
    },
    120_000,
  );
});
