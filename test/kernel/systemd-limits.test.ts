// What systemd keeps its services from, on a machine that it has booted: a network of its own is named with its unit.
import { expect, it } from 'vitest';
import { readServiceLimits } from '../../src/host/limits/read-service-limits.ts';
import { readOtherNetworks } from '../../src/host/network/read-other-networks.ts';
import { begin } from '../../src/wizard/state.ts';
import { serverWork } from '../../src/work/server-work.ts';
import { describeBoot } from './available.ts';
import { buildTree, makeMachine } from './machine.ts';

const BUILD_TIME = 600_000;

const unit = (name: string, port: number, limit: string) => `cat >/etc/systemd/system/${name}.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -c "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', ${port})); s.listen(20); time.sleep(900)"
${limit}
[Install]
WantedBy=multi-user.target
UNIT
systemctl enable -q ${name}
`;

describeBoot('what systemd keeps its services from', () => {
  it(
    'is read from it, and a service in a network of its own is named with its unit',
    async ({ skip }) => {
      const why = buildTree();
      if (why !== null) skip(why);
      await using machine = await makeMachine('rules');
      machine.prepare(unit('filtered', 5432, 'IPAddressDeny=127.0.0.0/8') + unit('alone', 3306, 'PrivateNetwork=yes'));
      await machine.boot();
      await expect
        .poll(async () => (await readOtherNetworks(machine.host))?.map(({ port }) => port), { timeout: 20_000 })
        .toEqual([3306]);
      const limits = (await readServiceLimits(machine.host)) ?? [];
      expect(limits.toSorted((one, other) => one.unit.localeCompare(other.unit))).toEqual([
        { unit: 'alone.service', settings: ['PrivateNetwork=yes'], controlGroup: '/system.slice/alone.service' },
        {
          unit: 'filtered.service',
          settings: ['IPAddressDeny=127.0.0.0/8'],
          controlGroup: '/system.slice/filtered.service',
        },
      ]);
      const work = serverWork({ host: machine.host, caseId: 'limits', now: () => new Date() });
      const start = begin({ id: 'limits', startedAt: new Date(), confirmWithin: 60, story: null }).case;
      const inspection = await work.inspect();
      const commandLine = `python3 -c "import socket; socket.create_connection(('127.0.0.1', 3306), 2)"`;
      const attempts = await work.attempt(
        { id: 'command', tries: [], commandLine },
        new AbortController().signal,
        () => {},
      );
      const { verdict, findings } = await work.diagnose({ ...start, inspection, attempts });
      expect(verdict).toBe('not-the-firewall');
      expect(findings[0]).toMatchObject({ id: 'service-in-own-network' });
      expect(findings[0]?.evidence.join('\n')).toMatch(
        /python3, alone\.service\) is in net:\[\d+\], where TCP port 3306 is listened at/,
      );
      expect(findings[0]?.evidence).toContain('systemctl show alone.service: PrivateNetwork=yes');
    },
    BUILD_TIME,
  );
});
