// The environment of whoever starts lo-doctor, or one of its scripts, decides nothing of what root runs.
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startTrial } from '../../src/host/trial/trial.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { bundle } from './situation.ts';

const EVIL = '/run/lock/evil';
const RAN = '/run/lock/ran';
const PROGRAMS =
  'sh env cat ls stat id mv rm mkdir tee test cp cmp sleep timeout logger iptables ip6tables iptables-save ip6tables-save iptables-nft nft ip ss systemctl uname readlink grep base64';
const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -o eth0 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

/** A directory of another user's, with programs that show that they were run. */
const plant = (lab: Lab) =>
  lab.run(
    [
      'sh',
      '-c',
      `mkdir ${EVIL}; cd ${EVIL}; for one in ${PROGRAMS}; do cat >$one <<END
#!/bin/sh
touch ${RAN}
exit 0
END
chmod 755 $one; done; echo 'touch ${RAN}' >env.sh`,
    ],
    { uid: 33 },
  );

const dirty = {
  PATH: `${EVIL}:`,
  BASH_ENV: `${EVIL}/env.sh`,
  ENV: `${EVIL}/env.sh`,
  IFS: '/',
  QUOTING_STYLE: 'c',
  LC_MESSAGES: 'de_DE.UTF-8',
  LANGUAGE: 'de',
  HOME: EVIL,
  PYTHONPATH: EVIL,
  XTABLES_LIBDIR: EVIL,
  POSIXLY_CORRECT: '1',
  TIMEOUT: '0',
  CDPATH: EVIL,
};

/** Runs a script with that environment, in that directory. */
const inDirty = (lab: Lab, script: string, ...words: string[]) =>
  lab.exec([
    '/usr/bin/env',
    '-C',
    EVIL,
    ...Object.entries(dirty).map(([name, value]) => `${name}=${value}`),
    '/bin/sh',
    '-c',
    script,
    'sh',
    ...words,
  ]);

const hasRun = async (lab: Lab) => (await lab.exec(['test', '-e', RAN])).code === 0;
const permits = async (lab: Lab) => (await lab.run(['/usr/sbin/iptables-save'])).split('permit loopback').length - 1;

describeKernel("root's environment", () => {
  it('is no business of whoever starts it: no program of theirs is run by check, fix, confirm or undo', async () => {
    await using lab = await startLab();
    await lab.run(['sh', '-c', 'rm -rf /etc/iptables; systemctl disable -q ufw firewalld nftables']);
    await lab.loadRules(RULES);
    await plant(lab);
    const loDoctor = (...args: string[]) => inDirty(lab, 'exec "$@"', process.execPath, resolve(bundle), ...args);
    expect((await loDoctor('check')).code).toBe(1);
    const fixed = await loDoctor('fix', '--all', '--yes', '--confirm-within', '60');
    expect(fixed.stdout + fixed.stderr).toMatch(/unless you run: lo-doctor confirm/);
    expect(await permits(lab)).toBe(1);
    expect((await loDoctor('confirm')).code).toBe(0);
    expect((await loDoctor('undo')).code).toBe(0);
    expect(await permits(lab)).toBe(0);
    expect(await hasRun(lab)).toBe(false);
  });

  it('is no business of whoever runs the script of a case by hand', async () => {
    await using lab = await startLab();
    await plant(lab);
    const rule = ['-o', 'lo', '-m', 'comment', '--comment', 'lo-doctor hand: permit loopback', '-j', 'ACCEPT'];
    await startTrial(hostInLab(lab), {
      caseId: 'hand',
      apply: [{ command: ['iptables', '-w', '5', '-I', 'OUTPUT', ...rule] }],
      undo: [{ command: ['iptables', '-w', '5', '-D', 'OUTPUT', ...rule] }],
      confirmWithin: 60,
    });
    expect(await permits(lab)).toBe(1);
    expect((await inDirty(lab, 'exec /bin/sh /run/lo-doctor/hand/roll-back')).code).toBe(0);
    expect(await permits(lab)).toBe(0);
    expect(await hasRun(lab)).toBe(false);
  });
});
