// `check --format nagios` and `--format prometheus` on a server with real rules.
import { expect, test } from 'vitest';
import { startSituation } from './situation.ts';

test('a probe sees the policy come and go', async () => {
  await using server = await startSituation({ log: 'none' });
  const probe = async (format: string) => {
    const { code, stdout } = await server.doctor(['check', '--format', format]);
    return { code, stdout };
  };
  expect(await probe('nagios')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^LO-DOCTOR OK - .* \| loopback_blocked=0;.*\n$/),
  });
  await server.sh('iptables -A OUTPUT -j DROP');
  expect(await probe('nagios')).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(
      /^LO-DOCTOR CRITICAL - .* by rule 1 of OUTPUT \(iptables, IPv4\).* \| loopback_blocked=2;.*\n$/,
    ),
  });
  expect(await probe('prometheus')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('lo_doctor_loopback_state{kind="ip",state="blocked"} 1\n'),
  });
  await server.sh('iptables -I OUTPUT -o lo -j ACCEPT');
  expect(await probe('nagios')).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^LO-DOCTOR WARNING - .* leaves no line in the log: rule 2 of OUTPUT /),
  });
});
