// A ban of loopback by the real fail2ban: its own words are told first, and a permit stands outside of what it makes anew.
import { expect, it } from 'vitest';
import { runFix } from '../../src/commands/fix/fix.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { startLab } from './lab.ts';
import { ban, startFail2ban } from './others.ts';

const options = { choice: { kind: 'all' }, isDryRun: true, yes: false, confirmWithin: null, json: true } as const;

describeKernel('a fix where fail2ban has banned 127.0.0.1', () => {
  it('tells how to lift the ban, which works, and permits before the jump', async () => {
    await using lab = await startLab();
    await startFail2ban(lab, 'iptables-multiport');
    await ban(lab, 'INPUT', '127.0.0.1');
    const look = async () => {
      const { io, written } = testIo();
      await runFix(options, { host: hostInLab(lab), caseId: 'k1', io });
      return JSON.parse(written.stdout);
    };
    const { commands, ownersWords } = await look();
    expect(ownersWords.join('\n')).toContain('fail2ban-client unban 127.0.0.1');
    expect(commands).toHaveLength(1);
    expect(commands[0].command.join(' ')).toMatch(/-t filter -I INPUT 1 -i lo /);
    await lab.run(['fail2ban-client', 'unban', '127.0.0.1']);
    expect(await look()).toMatchObject({ result: 'nothing-to-do' });
  });
});
