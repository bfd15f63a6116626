// The planned fix of real rulesets, applied on a real kernel: what filter rules blocked passes, or the plan has said that it will not.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { planFix } from '../../src/firewall/fix/plan-fix.ts';
import type { Attempt } from './agent.ts';
import { describeKernel } from './available.ts';
import {
  attemptsThat,
  clearRules,
  failures,
  listRules,
  readRules,
  runAll,
  successes,
  surroundings,
  textsOf,
  toConversation,
} from './fix-lab.ts';
import { ownAddresses, startLab } from './lab.ts';

const folder = new URL('../../../shared/corpora/rulesets/labelled/', import.meta.url);
const present = existsSync(folder);
if (!present) console.warn('skipped: ../shared/corpora/rulesets is not here, so no real rulesets are tried');

const tcpPorts = [22, 25, 53, 80, 443, 587, 3128, 3306, 6379, 8080, 31337];
const udpPorts = [53, 123, 514, 31337];

/** The probes of the corpus' labels. */
function probesOf(family: 'ip' | 'ip6'): Attempt[] {
  const addresses = family === 'ip' ? ['127.0.0.1', ownAddresses.ip] : ['::1', ownAddresses.ip6];
  const probe = (protocol: Attempt['protocol'], address: string, destinationPort: number): Attempt => {
    return { protocol, source: address, destination: address, sourcePort: 0, destinationPort, uid: 0 };
  };
  return addresses.flatMap((address) => [
    ...tcpPorts.map((port) => probe('tcp', address, port)),
    ...udpPorts.map((port) => probe('udp', address, port)),
  ]);
}

describeKernel('fixes of real rulesets', () => {
  it.skipIf(!present)('repair all that they do not call hopeless beforehand', { timeout: 300_000 }, async () => {
    await using lab = await startLab();
    const usual = { kind: 'echo', banner: '' } as const;
    await lab.listen(
      [...probesOf('ip'), ...probesOf('ip6')].flatMap(({ protocol, destination, destinationPort: port }) =>
        protocol === 'icmp' ? [] : [{ protocol, address: destination, port, ...usual }],
      ),
    );
    const repaired: string[] = [];
    let hopeless = 0;
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.rules'))) {
      const family = file.includes('__v6') ? 'ip6' : 'ip';
      await clearRules(lab);
      await lab.loadRules(readFileSync(new URL(file, folder), 'utf8'), { variant: 'legacy', family });
      const before = await listRules(lab);
      const probes = probesOf(family);
      const rules = await readRules(lab);
      const blocked = attemptsThat('blocked', rules, probes);
      expect(await successes(lab, blocked), file).toEqual([]);
      const failing = blocked.map(toConversation);
      const fix = planFix(rules, surroundings, failing, { kind: 'all' }, { caseId: 'c', iptables: 'nft' });
      hopeless += fix.remaining.length;
      // More than the probes may be blocked, so healthy ones may get a permit, too.
      if (blocked.length > 0) expect(fix.changes, file).not.toEqual([]);
      if (fix.changes.length === 0) continue;
      await runAll(lab, fix.apply);
      const called = fix.remaining.map(({ conversation }) => JSON.stringify(conversation));
      const expected = probes.filter((one) => !called.includes(JSON.stringify(toConversation(one))));
      expect(await failures(lab, expected), file).toEqual([]);
      expect(textsOf(await readRules(lab)), file).toEqual(textsOf(fix.after));
      if (blocked.length > 0 && called.length === 0) repaired.push(`${file}: ${fix.changes.length}`);
      await runAll(lab, fix.undo);
      expect(await listRules(lab), file).toBe(before);
    }
    console.info(`repaired rulesets, with the number of rules added:\n${repaired.join('\n')}`);
    expect(repaired.length).toBe(7);
    expect(hopeless).toBe(0);
  });
});
