// Lines that never leave the kernel: each way of losing one is staged, and the self-test says which it was.
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rootConversation } from '../../src/firewall/questions/probe-conversations.ts';
import { describeKernel } from './available.ts';
import { startLab } from './lab.ts';
import { explain, loadAndPlan, loadNftAndPlan, newPrefix } from './silence-lab.ts';

const logAndDrop = (prefix: string, limit = '') =>
  `-A OUTPUT -p udp ${limit} -j LOG --log-prefix "${prefix}: "\n-A OUTPUT -p udp -j DROP`;

describeKernel('the self-test of the log, in the kernel', () => {
  it('sees a line come through, by the discard port', async () => {
    await using lab = await startLab();
    const probe = await loadAndPlan(lab, logAndDrop(newPrefix()));
    const { test, ids } = await explain(lab, probe);
    expect(test).toMatchObject({ conversation: { destinationPort: 9 }, counted: 1 });
    expect(test.seenIn).toContain('kernel log');
    expect(ids[0]).toBe('log-path-works');
  });

  it('tries what failed once more, and counts nft by its rules too', async () => {
    await using lab = await startLab();
    const prefix = newPrefix();
    const smtp = rootConversation('tcp', '127.0.0.1', 25);
    const tcp = `-A OUTPUT -p tcp --dport 25 -j LOG --log-prefix "${prefix}: "\n-A OUTPUT -j DROP`;
    const first = await explain(lab, await loadAndPlan(lab, tcp, [smtp]));
    expect(first.test.conversation.destinationPort).toBe(25);
    expect(first.test.counted).toBeGreaterThan(0);
    expect(first.ids[0]).toBe('log-path-works');
    await lab.run(['iptables', '-F']);
    const nft = `table inet t { chain o { type filter hook output priority 0; udp dport 9 counter log prefix "${prefix}n: " drop; }; }`;
    const second = await explain(lab, await loadNftAndPlan(lab, nft));
    expect(second.test).toMatchObject({ counted: 1, rule: { layer: 'nftables' } });
    expect(second.ids[0]).toBe('log-path-works');
  });

  it('says that the limit is used up', async () => {
    await using lab = await startLab();
    const limit = '-m limit --limit 1/hour --limit-burst 1';
    const probe = await loadAndPlan(lab, logAndDrop(newPrefix(), limit));
    expect((await explain(lab, probe)).ids[0]).toBe('log-path-works');
    const { test, ids } = await explain(lab, probe);
    expect(test).toMatchObject({ counted: 0, limited: true, seenIn: [] });
    expect(ids).toEqual(['log-limit-used-up']);
  });

  it('says that the rule is not reached, when something drops before that was not read', async () => {
    await using lab = await startLab();
    const probe = await loadAndPlan(lab, logAndDrop(newPrefix()));
    await lab.loadNft('table inet t { chain o { type filter hook output priority -10; udp dport 9 drop; }; }');
    expect((await explain(lab, probe)).ids).toEqual(['log-rule-not-reached']);
  });

  it('says that nobody reads the NFLOG group, or that somebody does and writes elsewhere', async () => {
    await using lab = await startLab();
    const rules = '-A OUTPUT -p udp -j NFLOG --nflog-group 7\n-A OUTPUT -p udp -j DROP';
    const probe = await loadAndPlan(lab, rules);
    const { ids, evidence } = await explain(lab, probe);
    expect(ids).toEqual(['nflog-without-reader']);
    expect(evidence).toContain('/proc/net/netfilter/nfnetlink_log names no reader of group 7');
    const plugins = (await lab.run(['sh', '-c', 'dirname $(find /usr/lib -name ulogd_inppkt_NFLOG.so)'])).trim();
    await lab.run(['sh', '-c', 'cat > /run/ulogd.conf'], {
      input: `[global]\n${['inppkt_NFLOG', 'raw2packet_BASE', 'filter_IFINDEX', 'filter_IP2STR', 'filter_PRINTPKT', 'output_LOGEMU'].map((name) => `plugin="${plugins}/ulogd_${name}.so"`).join('\n')}\nstack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU\n[log1]\ngroup=7\n[emu1]\nfile="/run/elsewhere.log"\nsync=1\n`,
    });
    await lab.spawn(['ulogd', '-c', '/run/ulogd.conf']);
    await expect.poll(() => lab.run(['cat', '/proc/net/netfilter/nfnetlink_log']), { timeout: 5000 }).toMatch(/^ *7 /m);
    expect((await explain(lab, probe)).ids).toEqual(['nflog-read-elsewhere']);
    expect(await lab.run(['cat', '/run/elsewhere.log'])).toContain('DPT=9');
  });

  // A LOG rule names its kind of logger itself, and the kernel takes no such rule without one (nf_logger_find_get): so
  // `log-no-backend` can't be staged here; what is bound serves only what logs without a rule, as conntrack does.
  it.each(['NONE', 'nfnetlink_log'])(
    'does not blame the backend that is bound (%s): a LOG rule writes whatever is',
    async (backend) => {
      await using lab = await startLab();
      await lab.run(['sh', '-c', 'for f in 2 10; do echo "$0" >/proc/sys/net/netfilter/nf_log/$f; done', backend]);
      expect(await lab.run(['cat', '/proc/net/netfilter/nf_log'])).toMatch(
        new RegExp(`^ 2 ${backend} [^]*^10 ${backend} `, 'm'),
      );
      const probe = await loadAndPlan(lab, logAndDrop(newPrefix()));
      const { test, ids } = await explain(lab, probe);
      expect([test.counted, ids[0]]).toEqual([1, 'log-path-works']);
      await lab.run(['iptables', '-F']);
      const nft = `table ip6 t { chain o { type filter hook output priority 0; udp dport 9 counter log prefix "${newPrefix()}: " drop; }; }`;
      const second = await explain(lab, await loadNftAndPlan(lab, nft));
      expect(second.test).toMatchObject({ counted: 1, conversation: { destination: '::1' } });
      expect(second.ids[0]).toBe('log-path-works');
    },
  );

  it('says that a namespace writes nothing where the machine does not allow it', async () => {
    // The switch is the whole machine's: no other lab is open meanwhile.
    await using lab = await startLab({ kernelLog: 'own' });
    const probe = await loadAndPlan(lab, logAndDrop(newPrefix()));
    try {
      writeFileSync('/proc/sys/net/netfilter/nf_log_all_netns', '0');
      const { test, ids } = await explain(lab, probe);
      expect(test).toMatchObject({ counted: 1, seenIn: [] });
      expect(ids).toEqual(['log-in-namespace']);
    } finally {
      writeFileSync('/proc/sys/net/netfilter/nf_log_all_netns', '1');
    }
    expect((await explain(lab, probe)).ids[0]).toBe('log-path-works');
  }, 240_000);

  it("says that the kernel's log may not be read", async () => {
    await using lab = await startLab();
    const probe = await loadAndPlan(lab, logAndDrop(newPrefix()));
    const { test, ids } = await explain(lab, probe, { uid: 65534 });
    expect(test.sources).not.toContain('kernel log');
    expect(ids[0]).toBe('kernel-log-unreadable');
  });
});
