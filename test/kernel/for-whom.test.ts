// Rules that stop one user only: told with the user, tried as the user, put right for the user.
import { expect, test } from 'vitest';
import { describeKernel } from './available.ts';
import { startSituation } from './situation.ts';

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ');

describeKernel('a rule that matches a user', () => {
  for (const [name, script] of [
    ['iptables', 'iptables -A OUTPUT -m owner --uid-owner 33 -j REJECT'],
    ['nft', "nft 'table ip w { chain o { type filter hook output priority 0; meta skuid 33 reject; }; }'"],
  ] as const) {
    test(`${name}: check names the user and what is cut off, the fix is tried as the user`, async () => {
      await using server = await startSituation({ script, log: 'none' });
      await server.startTcpServer(6379);
      const { code, stdout } = await server.doctor(['check']);
      expect(code).toBe(1);
      expect(plain(stdout)).toContain('for www-data (uid 33) only');
      expect(plain(stdout)).toMatch(
        /listens at \S+:6379 \(TCP\) and can't be reached over lo by www-data \(uid 33\); root passes/,
      );
      expect(plain(stdout)).toContain('* TCP to 127.0.0.1:6379 as www-data (uid 33)');
      const fixed = await server.doctor(['fix', '--all', '--yes']);
      expect([fixed.code, plain(fixed.stdout)]).toEqual([
        0,
        expect.stringMatching(/TCP to 127.0.0.1:6379 as www-data, uid 33: answers/),
      ]);
      expect((await server.doctor(['check'])).code).toBe(0);
    });
  }

  for (const [gone, ways] of [
    ['setpriv', 'setpriv'],
    ['setpriv and runuser', 'setpriv runuser'],
  ] as const) {
    test(`without ${gone} another way is taken to be the user`, async () => {
      const hide = `for p in ${ways}; do mount --bind /dev/null "$(command -v $p)"; done`;
      const script = `iptables -A OUTPUT -m owner --uid-owner 33 -j REJECT; ${hide}`;
      await using server = await startSituation({ script, log: 'none' });
      await server.startTcpServer(6379);
      const fixed = await server.doctor(['fix', '--all', '--yes']);
      expect(plain(fixed.stdout)).toMatch(/TCP to 127.0.0.1:6379 as www-data, uid 33: answers/);
    });
  }

  test('where nothing can be that user, nobody else is tried in its place', async () => {
    const hide = 'for p in setpriv runuser su; do mount --bind /dev/null "$(command -v $p)"; done';
    const script = `iptables -A OUTPUT -m owner --uid-owner 33 -j REJECT; ${hide}`;
    await using server = await startSituation({ script, log: 'none' });
    await server.startTcpServer(6379);
    const fixed = await server.doctor(['fix', '--all', '--yes']);
    expect(plain(fixed.stdout)).not.toContain('answers');
    expect(plain(fixed.stdout)).toContain('Nothing here could connect as www-data');
  });
});
