// A silent log on the practice server: what the walk finds out by itself.
import { expect, test } from 'vitest';
import { practiceHost } from '../../src/host/practice/practice-host.ts';
import type { UserAction } from '../../src/wizard/action.ts';
import { begin, type Case } from '../../src/wizard/state.ts';
import { serverWork } from '../../src/work/server-work.ts';

/** A walk on a scenario, inspected, with logging turned on or not. */
const walkOn = async (scenario: string, withLogging: boolean) => {
  const work = serverWork({ host: practiceHost(scenario, { speed: 20 }), caseId: 'a1', now: () => new Date() });
  const inspection = await work.inspect();
  const logging = withLogging ? inspection.loggingPlan : null;
  if (logging !== null) await work.turnLoggingOn(logging);
  const start = begin({ id: 'a1', startedAt: new Date(), confirmWithin: 60, story: null }).case;
  return { work, walk: { ...start, inspection, logging } satisfies Case };
};

const command = (commandLine: string): UserAction => ({ id: 'command', tries: [], commandLine });

test('a command that names its connection and no log rule: the drop is found, and why the log is silent', async () => {
  const { work, walk } = await walkOn('log-after-drop', false);
  const attempts = await work.attempt(command('mail -s test root@example.org'), new AbortController().signal, () => {});
  const { verdict, blocked, findings } = await work.diagnose({ ...walk, attempts });
  expect(verdict).toBe('loopback-blocked');
  expect(blocked).toMatchObject([
    { sample: null, conversation: { destinationPort: 25 }, stop: { rule: { number: 4 } } },
  ]);
  expect(findings.map(({ id }) => id)).toEqual(['drops-not-logged']);
});

test('nothing was seen while the user repeated it, and the log works: it is the action that is missing', async () => {
  const { work, walk } = await walkOn('wordpress', true);
  const { verdict, findings } = await work.diagnose(walk);
  expect(verdict).toBe('undecided');
  expect(findings.map(({ id }) => id)).toEqual(['nothing-logged', 'log-path-works']);
  const works = findings.find(({ id }) => id === 'log-path-works');
  expect(works?.evidence[0]).toContain('UDP to 127.0.0.1:9');
});

test('a failed connection whose entry did not come is tried once more, and its line is looked for', async () => {
  const { work, walk } = await walkOn('wordpress', true);
  const attempts = await work.attempt(command('nc -v localhost 21'), new AbortController().signal, () => {});
  const { blocked, findings } = await work.diagnose({ ...walk, attempts });
  expect(blocked).toMatchObject([
    { sample: null, conversation: { destinationPort: 21 }, stop: { rule: { number: 6 } } },
  ]);
  expect(findings.map(({ id }) => id)).toEqual(['log-path-works']);
  expect(findings[0]?.advice).toContain('the entry of the first try was too late');
});

test('where loopback passes, a silent log is no matter', async () => {
  const { work, walk } = await walkOn('nobody-listens', false);
  const { findings } = await work.diagnose(walk);
  expect(findings.map(({ id }) => id)).toEqual(['nothing-logged']);
});
