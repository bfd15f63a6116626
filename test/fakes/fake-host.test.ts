import { describe, expect, it } from 'vitest';
import { fakeHost } from './fake-host.ts';

describe('the fake host', () => {
  it('answers what was expected, in order, and is content at the end', async () => {
    const host = fakeHost([
      { command: ['id', '-u'], stdout: '0\n' },
      { command: ['tee', '/x'], input: 'text', code: 1, stderr: 'no' },
      { command: ['tail', '-f', '/y'], lines: ['one', 'two'] },
    ]);
    expect(await host.run(['id', '-u'])).toEqual({ code: 0, stdout: '0\n', stderr: '', timedOut: false });
    expect(await host.run(['tee', '/x'], { input: 'text' })).toMatchObject({ code: 1, stderr: 'no' });
    const lines: string[] = [];
    for await (const line of host.follow(['tail', '-f', '/y']).lines) lines.push(line);
    expect(lines).toEqual(['one', 'two']);
    host.finish();
  });

  it.each([
    ['another command', ['id'], {}],
    ['another input', ['id', '-u'], { input: 'x' }],
  ] as const)('fails at %s', async (_, command, options) => {
    const host = fakeHost([{ command: ['id', '-u'] }]);
    await expect(host.run(command, options)).rejects.toThrow(/^unexpected run: id/);
  });

  it('fails at the right command in the wrong order, or run where it is to be followed', async () => {
    const host = fakeHost([{ command: ['first'] }, { command: ['second'] }]);
    await expect(host.run(['second'])).rejects.toThrow('unexpected run: second');
    expect(() => host.follow(['first'])).toThrow('unexpected follow: first');
  });

  it('fails when a command was never run', () => {
    expect(() => fakeHost([{ command: ['id', '-u'] }]).finish()).toThrow(/never run:\nexpected: id -u/);
  });
});
