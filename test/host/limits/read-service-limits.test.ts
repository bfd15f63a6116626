// What `systemctl show` says of units, as systemd 252 prints it.
import { expect, test } from 'vitest';
import type { Command } from '../../../src/host/host.ts';
import { readServiceLimits } from '../../../src/host/limits/read-service-limits.ts';

const host = (stdout: string, code = 0) => ({
  name: 'fake',
  run: async (_: Command) => ({ code, stdout, stderr: '', timedOut: false }),
  follow: () => ({ lines: (async function* () {})(), stop: () => {} }),
});

const IDLE =
  'PrivateNetwork=no\nRestrictNetworkInterfaces=~\nRestrictAddressFamilies=~\nControlGroup=/system.slice/cron.service\nIPAddressAllow=\nIPAddressDeny=\nId=cron.service\n';
const DENIED =
  'PrivateNetwork=no\nRestrictAddressFamilies=AF_INET AF_UNIX\nControlGroup=/system.slice/app.service\nIPAddressAllow=192.0.2.0/24\nIPAddressDeny=0.0.0.0/0 ::/0\nId=app.service\n';
const OWN =
  'IPAddressDeny=::/0 0.0.0.0/0\nControlGroup=/system.slice/systemd-udevd.service\nId=systemd-udevd.service\n';
const ALONE = 'PrivateNetwork=yes\nIPAddressAllow=\nIPAddressDeny=\nControlGroup=\nId=alone.service\n';

test('units that are kept from nothing are left out, the others told with their settings', async () => {
  expect(await readServiceLimits(host(`${IDLE}\n${OWN}\n${DENIED}\n${ALONE}`))).toEqual([
    {
      unit: 'app.service',
      settings: [
        'IPAddressDeny=0.0.0.0/0 ::/0',
        'IPAddressAllow=192.0.2.0/24',
        'RestrictAddressFamilies=AF_INET AF_UNIX',
      ],
      controlGroup: '/system.slice/app.service',
    },
    { unit: 'alone.service', settings: ['PrivateNetwork=yes'], controlGroup: null },
  ]);
});

test('no systemd answers: not known', async () => {
  expect(await readServiceLimits(host('', 127))).toBeNull();
  expect(await readServiceLimits(host('', 1))).toBeNull();
});
