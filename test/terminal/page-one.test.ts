// Page 1 at a glance: verdict, reason and choices within the first screen, whatever scenario it is.
import { expect, it } from 'vitest';
import { listScenarios } from '../../src/host/practice/practice-host.ts';
import { describeTerminal } from '../kernel/available.ts';
import { openDoctor } from './mail-server.ts';
import { expectToFit } from './walk.ts';

const ids = listScenarios().map(({ id }) => id);

describeTerminal('page 1 at 80x24', () => {
  it.concurrent.each(ids)('shows all that is needed to answer without scrolling: %s', async (scenario) => {
    await using wizard = await openDoctor(['practice', scenario]);
    const screen = await wizard.waitFor(/\d\. Leave;/);
    expectToFit(screen);
    expect(screen).not.toMatch(/-- lines/);
    expect(screen).toMatch(/d details/);
    if (!screen.includes('blocks loopback traffic')) return;
    expect(screen.replace(/\s+/g, ' ')).toMatch(/blocked by (the policy|rule \d+) of \w+ \(\w+, IPv\d\)/);
    expect(screen).toMatch(/> 1\. Prove it: [\s\S]*\d\. Fix it now/);
    await wizard.press('d');
    const unfolded = await wizard.waitFor(/-- lines|Programs on this server talk/);
    expectToFit(unfolded);
    await wizard.press('d');
    await wizard.waitFor(/^((?!-- lines)[\s\S])*$/);
  });
});
