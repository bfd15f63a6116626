// A secret in a typed command is in nothing that a walk leaves behind: reports, records, scripts, lists of processes, the system's log.
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { startLab } from './lab.ts';
import { bundle } from './situation.ts';

const SECRET = 'Xq7vR-of-ours-29';
const RULES =
  '*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\n-A OUTPUT -j DROP\nCOMMIT\n';

describeKernel('a secret that is typed', () => {
  it('is in no file, no list of processes and no log line of a walk that ends kept', async () => {
    await using lab = await startLab();
    await lab.run(
      ['sh', '-c', 'mkdir -p /etc/iptables; systemctl disable -q ufw firewalld nftables; cat >/etc/iptables/rules.v4'],
      {
        input: RULES,
      },
    );
    await lab.listen([{ protocol: 'tcp', address: '127.0.0.1', port: 8080, kind: 'echo', banner: '' }]);
    await lab.loadRules(RULES);
    const typed = `export PGPASSWORD=${SECRET}; timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080 && echo over' || { echo "no: $PGPASSWORD" >&2; false; }`;
    // Menus are answered by numbers, and the walk is told once that what is there is enough.
    const answers = ['', '6', typed, '', '', '1', '', ''];
    const watch = 'while :; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "; echo; sleep 0.1; done';
    const script = `{ ${watch}; } >/run/lock/processes & watch=$!; "$@" <"$0" >/run/lock/said 2>&1; kill $watch`;
    await lab.run(['tee', '/run/lock/answers'], { input: `${answers.join('\n')}\n` });
    await lab.exec(['sh', '-c', script, '/run/lock/answers', process.execPath, resolve(bundle), '--plain'], {
      timeout: 100_000,
    });
    const said = await lab.run(['cat', '/run/lock/said']);
    expect(said).toMatch(/PGPASSWORD[\s\S]*Fixed, verified and kept/);
    expect(await lab.run(['sh', '-c', 'ls /var/lib/lo-doctor/*/'])).toMatch(
      /case\.json[\s\S]*report\.json[\s\S]*report\.md/,
    );
    expect(await lab.run(['cat', '/run/lock/processes'])).not.toContain(SECRET);
    const found = await lab.exec([
      'grep',
      '-rlF',
      SECRET,
      '/var/lib/lo-doctor',
      '/run/lo-doctor',
      '/etc/iptables',
      '/var/log',
    ]);
    expect(found.stdout).toBe('');
    for (const format of ['md', 'json', 'sh'])
      expect(await lab.run([process.execPath, resolve(bundle), 'report', '--format', format]), format).not.toContain(
        SECRET,
      );
  });
});
