// The time for keeping a fix is counted from when its result can be read, however long the command takes.
import { expect, it } from 'vitest';
import { describeKernel } from '../kernel/available.ts';
import { openDoctor, startMailServer } from './mail-server.ts';
import { answer, toTheEnd } from './walk.ts';

describeKernel('a command that takes longer than the time for keeping', () => {
  it('is not rolled back unseen, and is kept when it is chosen in time', async () => {
    await using lab = await startMailServer({ ip: { output: ['-A OUTPUT -j LOG', '-A OUTPUT -j DROP'] } });
    await using wizard = await openDoctor(['--confirm-within', '10'], { lab });
    await answer(wizard, [
      ['blocks loopback traffic', 'Enter'],
      ['What fails?', '5'],
    ]);
    await wizard.waitFor('Which command fails?');
    await wizard.type("sleep 14; timeout 2 bash -c 'echo >/dev/tcp/127.0.0.1/25'");
    await wizard.press('Enter');
    await answer(wizard, toTheEnd.slice(2, 5));
    const screen = await wizard.waitFor(/Rolls back by itself in (10|[789]) s/, 60_000);
    expect(screen).toContain('It works now. Keep the fix?');
    expect(await wizard.waitFor('Keeping writes into /etc/iptables/rules.v4:')).toContain('-A OUTPUT -o lo');
    await wizard.press('Enter');
    await wizard.waitFor('Fixed, verified and kept', 60_000);
    expect(await wizard.exitCode()).toBe(0);
  }, 200_000);
});
