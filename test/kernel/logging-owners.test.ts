// Temporary logging on servers that ufw and firewalld look after: what they drop is logged, tied to their rule, and no trace stays.
import { expect, it } from 'vitest';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import type { LoggingPlan } from '../../src/firewall/fix/plan.ts';
import { listCases } from '../../src/host/trial/case-file.ts';
import { startTemporary } from '../../src/host/trial/trial.ts';
import { readServer } from '../../src/work/read-server.ts';
import { describeKernel } from './available.ts';
import { diagnoseWhile } from './diagnose-lab.ts';
import { listRules } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';
import { newPrefix } from './silence-lab.ts';

const PORT = 25;

/** The files of ufw with a rule that drops mail before all that lets loopback through. */
const dropInFiles = ['', '6']
  .map((version) => {
    const chain = `-A ufw${version}-before-output`;
    return `sed -i 's/^${chain} -o lo/${chain} -o lo -p tcp --dport ${PORT} -j DROP\\n&/' /etc/ufw/before${version}.rules`;
  })
  .join('; ');

/** Nothing lets loopback through but ufw's default for what leaves, and that denies. */
const dropByDefault = `sed -i '/ lo -j ACCEPT/d' /etc/ufw/before.rules /etc/ufw/before6.rules; ufw default deny outgoing`;

async function startUfw(lab: Lab, change: string, logging: string): Promise<void> {
  await lab.run(['sh', '-ec', `${change}; ufw --force enable; ufw reload; ufw logging ${logging}`]);
}

async function planLogging(lab: Lab, caseId: string): Promise<LoggingPlan | null> {
  return inspect(await readServer(hostInLab(lab)), caseId).loggingPlan;
}

const connect =
  (lab: Lab, port = PORT) =>
  () =>
    Promise.all(['127.0.0.1', '::1'].map((address) => lab.probe(address, port, { deadline: 300 })));

/** Turns logging on as the walk does, and says what the log then tells of connections that fail; after it, the rules are as they were. */
async function seeWhatDrops(lab: Lab): Promise<string[]> {
  const host = hostInLab(lab);
  const caseId = newPrefix();
  const before = await listRules(lab);
  const plan = await planLogging(lab, caseId);
  if (plan === null) throw new Error('no plan');
  expect(plan.unlogged).toEqual([]);
  const { apply, undo } = plan;
  const temporary = await startTemporary(host, { caseId, apply, undo, expiresIn: 60 });
  const { blocked } = await diagnoseWhile(lab, plan.prefix, connect(lab), plan);
  expect(await temporary.end()).toBe('rolled-back');
  expect(await listRules(lab)).toBe(before);
  return blocked
    .filter(({ conversation, sample }) => conversation.destinationPort === PORT && sample !== null)
    .map(({ conversation, stop }) => `${conversation.destination}: ${stop?.rule.chain} ${stop?.rule.text}`)
    .sort();
}

describeKernel('temporary logging on a server with ufw', () => {
  it.each(['off', 'high'])('shows what a rule in its files drops, with its own logging %s', async (level) => {
    await using lab = await startLab();
    await startUfw(lab, dropInFiles, level);
    expect(await seeWhatDrops(lab)).toEqual([
      '127.0.0.1: ufw-before-output -A ufw-before-output -o lo -p tcp -m tcp --dport 25 -j DROP',
      '::1: ufw6-before-output -A ufw6-before-output -o lo -p tcp -m tcp --dport 25 -j DROP',
    ]);
  });

  it.each(['off', 'low'])('shows what its default drops, with its own logging %s', async (level) => {
    await using lab = await startLab();
    await startUfw(lab, dropByDefault, level);
    expect(await seeWhatDrops(lab)).toEqual(['127.0.0.1: OUTPUT policy drop', '::1: OUTPUT policy drop']);
  });

  it.each(['high', 'full'])('is not needed where ufw logs every drop by itself: %s', async (level) => {
    await using lab = await startLab();
    await startUfw(lab, dropByDefault, level);
    expect(await planLogging(lab, 'k1')).toBeNull();
    // Other labs log with the same prefix.
    const port = 20_000 + (process.pid % 30_000);
    const { blocked } = await diagnoseWhile(lab, `DPT=${port} `, connect(lab, port));
    expect(blocked.map(({ conversation, stop }) => `${conversation.destination}: ${stop?.rule.text}`).sort()).toEqual([
      '127.0.0.1: policy drop',
      '::1: policy drop',
    ]);
  });
});

describeKernel('temporary logging in the chains of an owner', () => {
  it('ends by itself', async () => {
    await using lab = await startLab();
    await startUfw(lab, dropInFiles, 'off');
    const before = await listRules(lab);
    const plan = await planLogging(lab, 'k1');
    if (plan === null) throw new Error('no plan');
    await startTemporary(hostInLab(lab), { caseId: 'k1', ...plan, expiresIn: 8 });
    expect(await listRules(lab)).not.toBe(before);
    await expect.poll(() => listRules(lab), { timeout: 20_000, interval: 500 }).toBe(before);
    await expect.poll(async () => (await listCases(hostInLab(lab))).cases).toEqual([]);
  });

  it('ends without complaint where a reload has ended it before', async () => {
    await using lab = await startLab();
    await startUfw(lab, dropInFiles, 'off');
    const before = await listRules(lab);
    const plan = await planLogging(lab, 'k1');
    if (plan === null) throw new Error('no plan');
    const temporary = await startTemporary(hostInLab(lab), { caseId: 'k1', ...plan, expiresIn: 60 });
    await lab.run(['ufw', 'reload']);
    expect(await listRules(lab)).toBe(before);
    expect(await temporary.end()).toBe('rolled-back');
    expect(await listRules(lab)).toBe(before);
  });
});

describeKernel('temporary logging on a server with firewalld', () => {
  const direct = ['ipv4', 'ipv6'].map(
    (version) => `firewall-cmd --direct --add-rule ${version} filter OUTPUT 3 -j DROP`,
  );

  it.each(['off', 'all'])(
    'shows what its direct rules drop, with LogDenied=%s, which does not see them',
    async (denied) => {
      await using lab = await startLab();
      await startFirewalld(lab);
      if (denied !== 'off') await lab.run(['firewall-cmd', `--set-log-denied=${denied}`]);
      await lab.run(['sh', '-ec', direct.join('; ')]);
      expect(await seeWhatDrops(lab)).toEqual(['127.0.0.1: OUTPUT -A OUTPUT -j DROP', '::1: OUTPUT -A OUTPUT -j DROP']);
      expect(await lab.run(['firewall-cmd', '--direct', '--get-all-rules'])).not.toContain('lo-doctor');
    },
  );
});
