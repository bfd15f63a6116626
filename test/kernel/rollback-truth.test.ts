// Who says "rolled back" has looked: errors of tools that are away are no proof that a rule is gone.
import { expect, it } from 'vitest';
import { runConfirm } from '../../src/commands/cases/cases.ts';
import type { PlannedCommand } from '../../src/firewall/fix/plan.ts';
import { readCase } from '../../src/host/trial/case-file.ts';
import { rollBackCase, rollBackOverdue, startTrial } from '../../src/host/trial/trial.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';

const commentOf = (id: string) => `lo-doctor ${id}: permit loopback`;

function permit(id: string, program = 'iptables'): { apply: PlannedCommand[]; undo: PlannedCommand[] } {
  const rule = ['-o', 'lo', '-m', 'comment', '--comment', commentOf(id), '-j', 'ACCEPT'];
  return {
    apply: [{ command: [program, '-w', '1', '-t', 'filter', '-I', 'OUTPUT', '1', ...rule] }],
    undo: [{ command: [program, '-w', '1', '-t', 'filter', '-D', 'OUTPUT', ...rule] }],
  };
}

const nftPermit = (id: string): { apply: PlannedCommand[]; undo: PlannedCommand[] } => {
  const list = 'nft -a list chain inet t out';
  const take = `sed -n 's/.* comment "${commentOf(id)}" # handle \\([0-9]*\\)$/delete rule inet t out handle \\1/p'`;
  return {
    apply: [
      { command: ['nft', '-f', '-'], input: `insert rule inet t out oifname "lo" accept comment "${commentOf(id)}"\n` },
    ],
    undo: [{ command: ['sh', '-c', `${list} | ${take} | nft -f -`] }],
  };
};

const NFT = 'table inet t { chain out { type filter hook output priority 0; }; }';

/** A tool in the way of the real one, found first by root's PATH. */
async function wrap(lab: Lab, program: string, script: string): Promise<void> {
  const write = `mountpoint -q /usr/local/sbin || mount -t tmpfs tools /usr/local/sbin; cat >"$0"; chmod 755 "$0"`;
  await lab.run(['sh', '-c', write, `/usr/local/sbin/${program}`], { input: `#!/bin/sh\n${script}\n` });
}

const tags = async (lab: Lab, id: string): Promise<number> =>
  (await lab.run(['sh', '-c', '/usr/sbin/iptables-save; /usr/sbin/nft list ruleset 2>/dev/null'])).split(commentOf(id))
    .length - 1;

describeKernel('a rollback that says it is done', () => {
  it('is not done where the libraries of iptables are away, as during an upgrade', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'lib', ...permit('lib'), confirmWithin: 60 });
    const [libraries = ''] = (
      await lab.run(['sh', '-c', 'ls -d /usr/lib/*/xtables /usr/lib/xtables 2>/dev/null; :'])
    ).split('\n');
    await lab.run(['mount', '-t', 'tmpfs', 'away', libraries]);
    expect(await trial.rollBack()).toBe('rollback-failed');
    await lab.run(['umount', libraries]);
    expect(await rollBackCase(host, 'lib')).toBe('rolled-back');
    expect(await tags(lab, 'lib')).toBe(0);
  });

  it('is not done where a table "does not exist" because kernel and tool do not fit', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'tab', ...permit('tab'), confirmWithin: 60 });
    await wrap(lab, 'iptables', `echo "iptables v1.8.9 (nf_tables): table 'filter' does not exist" >&2; exit 3`);
    expect(await trial.rollBack()).toBe('rollback-failed');
    expect(await tags(lab, 'tab')).toBe(1);
  });

  it('is not done where nft could not list the chain', async () => {
    await using lab = await startLab();
    await lab.loadNft(NFT);
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'list', ...nftPermit('list'), confirmWithin: 60 });
    await wrap(
      lab,
      'nft',
      `case "$*" in *list*) echo "Error: Could not process rule" >&2; exit 1;; esac; exec /usr/sbin/nft "$@"`,
    );
    expect(await trial.rollBack()).toBe('rollback-failed');
    expect((await readCase(host, 'list'))?.log).toMatch(/nft.*could not be looked at/);
    await lab.run(['rm', '/usr/local/sbin/nft']);
    expect(await rollBackCase(host, 'list')).toBe('rolled-back');
    expect(await tags(lab, 'list')).toBe(0);
  });

  it('is not done while the rule stands in another chain, and names the place', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'moved', ...permit('moved'), confirmWithin: 60 });
    const move =
      'iptables-save | sed "s/^-A OUTPUT -o lo/-A MOVED -o lo/; s/^:OUTPUT.*/&\\n:MOVED - [0:0]/" | iptables-restore';
    await lab.run(['sh', '-c', move]);
    expect(await trial.rollBack()).toBe('rollback-failed');
    expect((await readCase(host, 'moved'))?.log).toContain('-A MOVED -o lo');
  });

  it('is done where the chain and all that was in it is gone', async () => {
    await using lab = await startLab();
    await lab.loadNft(NFT);
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'gone', ...nftPermit('gone'), confirmWithin: 60 });
    await lab.run(['nft', 'delete', 'table', 'inet', 't']);
    expect(await trial.rollBack()).toBe('rolled-back');
  });

  it('takes a doubled rule away as well', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const { apply, undo } = permit('two');
    const trial = await startTrial(host, { caseId: 'two', apply, undo, confirmWithin: 60 });
    for (const { command } of apply) await lab.run(command);
    expect(await trial.rollBack()).toBe('rolled-back');
    expect(await tags(lab, 'two')).toBe(0);
  });

  it('is not claimed by confirm, which says what is in force and what to do', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    const trial = await startTrial(host, { caseId: 'said', ...permit('said'), confirmWithin: 60 });
    await wrap(lab, 'iptables', 'exit 4');
    expect(await trial.rollBack()).toBe('rollback-failed');
    let said = '';
    const confirm = runConfirm('said', host, {
      stdout: (text) => {
        said += text;
      },
    });
    await expect(confirm).rejects.toThrow(/could not be taken back completely/);
    expect(said).not.toContain('as they were');
    await lab.run(['rm', '/usr/local/sbin/iptables']);
    expect(await rollBackOverdue(host)).toEqual(['said']);
    expect(await tags(lab, 'said')).toBe(0);
  });
});

describeKernel('a rollback that fails', () => {
  it('goes on by itself until the rule is gone', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    await startTrial(host, { caseId: 'on', ...permit('on'), confirmWithin: 6 });
    await wrap(lab, 'iptables', 'exit 4');
    await expect
      .poll(async () => (await readCase(host, 'on'))?.state, { timeout: 25_000, interval: 200 })
      .toBe('rollback-failed');
    await lab.run(['rm', '/usr/local/sbin/iptables']);
    await expect
      .poll(async () => (await readCase(host, 'on'))?.state, { timeout: 25_000, interval: 200 })
      .toBe('rolled-back');
    expect(await tags(lab, 'on')).toBe(0);
  });

  it('does not wait for ever for a tool that hangs', async () => {
    await using lab = await startLab();
    const host = hostInLab(lab);
    await startTrial(host, { caseId: 'hang', ...permit('hang'), confirmWithin: 6 });
    await wrap(lab, 'iptables', 'sleep 600');
    await expect
      .poll(async () => (await readCase(host, 'hang'))?.state, { timeout: 60_000, interval: 500 })
      .toBe('rollback-failed');
    await lab.run(['rm', '/usr/local/sbin/iptables']);
    await expect
      .poll(async () => (await readCase(host, 'hang'))?.state, { timeout: 60_000, interval: 500 })
      .toBe('rolled-back');
  }, 120_000);
});
