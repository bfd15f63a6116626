// The helper on which tests of whole situations stand: lo-doctor as it is released, at work in a server.
import { expect, it } from 'vitest';
import { describeKernel } from './available.ts';
import { startSituation } from './situation.ts';

describeKernel('a situation', () => {
  it('is looked at by commands and walked through by the plain wizard, to a fix that is kept', async () => {
    await using server = await startSituation({ script: 'iptables -A OUTPUT -p tcp --dport 25 -j DROP' });
    await server.startSmtp();
    expect(await server.doctor(['check'])).toMatchObject({ code: 1 });
    expect(await server.document(['check'])).toMatchObject({ code: 1, document: { schema: 'lo-doctor.check/1' } });
    const command = 'bash -c "exec 3<>/dev/tcp/127.0.0.1/25"';
    const looked = await server.walk({ command: `timeout 2 ${command}` });
    expect([looked.code, looked.stdout]).toEqual([1, expect.stringContaining('DPT=25')]);
    const fixed = await server.walk({ command: `timeout 2 ${command}`, fix: true });
    expect([fixed.code, fixed.stdout]).toEqual([0, expect.stringContaining('Fixed, verified and kept')]);
    await server.sh(command);
  });
});
