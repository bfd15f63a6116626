// Several programs that say what passes, each for real: which is at work, which has left rules behind, who manages which layer, and what lasts.
import { expect, it } from 'vitest';
import { checkDocument } from '../../src/commands/check.ts';
import { type FixCommandOptions, runFix } from '../../src/commands/fix/fix.ts';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { readServer } from '../../src/work/read-server.ts';
import { testIo } from '../commands/io.ts';
import { describeKernel } from './available.ts';
import { addresses } from './fix-lab.ts';
import { hostInLab } from './host-in-lab.ts';
import { installNetfilterPersistent } from './install-netfilter-persistent.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';
import { ban, startContainer, startDocker, startFail2ban, useVariant } from './others.ts';

const drops = (...more: readonly string[]) =>
  `*filter\n${more.map((line) => `${line}\n`).join('')}-A OUTPUT -j DROP\nCOMMIT\n`;
const script =
  'flush ruleset\ntable inet mine {\n\tchain out {\n\t\ttype filter hook output priority 0\n\t\tdrop\n\t}\n}\n';

const look = async (lab: Lab) => {
  const { owners, layers, findings } = checkDocument(inspect(await readServer(hostInLab(lab)), 'c1'), new Date());
  return {
    owners: owners.map(({ name, status, layers: where }) => `${name} ${status} in ${where.join(' and ')}`),
    layers: layers.map(
      ({ layer, variant, manager, owners: all }) => `${layer} ${variant ?? ''}: ${manager} of ${all.join(', ')}`,
    ),
    findings,
    ids: findings.map(({ id }) => id),
  };
};

const ALL: FixCommandOptions = { choice: { kind: 'all' }, isDryRun: false, yes: true, confirmWithin: null, json: true };

/** Fixes and keeps; resolves to what was saved. The mail server answers then. */
const fix = async (lab: Lab) => {
  for (const address of addresses) await lab.startSmtp(25, address);
  const { io, written } = testIo();
  expect(await runFix(ALL, { host: hostInLab(lab), caseId: 'c1', io })).toBe(0);
  for (const address of addresses) expect(await lab.probe(address, 25)).toMatchObject({ outcome: 'works' });
  return JSON.parse(written.stdout).saved;
};

describeKernel('of several owners', () => {
  it('ufw that is installed and off owns nothing beside nftables.service, and is not touched', async () => {
    await using lab = await startLab();
    await lab.run(
      ['sh', '-ec', 'systemctl disable -q firewalld; systemctl enable -q nftables ufw; cat > /etc/nftables.conf'],
      { input: script },
    );
    await lab.loadNft(script);
    const seen = await look(lab);
    expect(seen.layers).toEqual(['nftables : nftables of nftables']);
    expect(seen.ids).toContain('rules-made-anew');
    const before = await lab.run(['sh', '-c', 'cat /etc/ufw/*.rules /etc/ufw/ufw.conf']);
    expect(await fix(lab)).toMatchObject({
      files: ['/etc/nftables.conf'],
      proof: expect.stringContaining('loopback passes'),
    });
    expect(await lab.run(['sh', '-c', 'cat /etc/ufw/*.rules /etc/ufw/ufw.conf'])).toBe(before);
    expect(await lab.run(['ufw', 'status'])).toBe('Status: inactive\n');
  });

  it('firewalld that was killed has left its tables behind; whether they come again, boot decides', async () => {
    await using lab = await startLab();
    await startFirewalld(lab);
    await lab.loadRules(drops());
    await lab.run(['sh', '-c', 'kill -9 $(cat /proc/[0-9]*/stat | sed -n "s/^\\([0-9]*\\) (firewalld).*/\\1/p")']);
    await lab.run(['systemctl', 'disable', '-q', 'firewalld']);
    const seen = await look(lab);
    expect(seen.owners).toEqual(['firewalld leftover in nftables']);
    expect(seen.layers.toSorted()).toEqual(['iptables nft: none of ', 'nftables : none of firewalld']);
    const leftover = seen.findings.find(({ id }) => id === 'leftover-rules');
    expect(leftover?.evidence).toEqual([
      'firewall-cmd --state: not running, firewalld.service is disabled',
      'nftables inet table firewalld',
    ]);
    expect(leftover?.advice).toMatch(/^Nobody looks after them/);
    await lab.run(['systemctl', 'enable', '-q', 'firewalld']);
    const again = (await look(lab)).findings.find(({ id }) => id === 'leftover-rules');
    expect(again?.advice).toMatch(/^The next boot starts firewalld/);
    await fix(lab);
  });

  it('Docker has its chains beside ufw, which goes on to manage the layer', async () => {
    await using lab = await startLab();
    await lab.run(['systemctl', 'enable', '-q', 'ufw']);
    await lab.run([
      'sh',
      '-ec',
      "sed -i 's/^-A ufw-before-output -o lo -j ACCEPT/-A ufw-before-output -o lo -j DROP/' /etc/ufw/before.rules",
    ]);
    await lab.run(['ufw', '--force', 'enable']);
    await startDocker(lab);
    await startContainer(lab, '172.17.0.2', 8080);
    const seen = await look(lab);
    expect(seen.owners).toEqual(['ufw active in iptables', 'docker active in iptables']);
    expect(seen.layers).toEqual(['iptables nft: ufw of ufw, docker']);
    expect(seen.ids).toEqual(['loopback-blocked', 'drops-not-logged', 'rules-made-anew']);
    const dockers = () => lab.run(['sh', '-c', 'iptables-save | grep -e DOCKER -e docker0 -e 172.17']);
    const before = await dockers();
    const { files } = await fix(lab);
    expect(files.join()).toContain('/etc/ufw/');
    expect(await dockers()).toBe(before);
    expect(await lab.run(['sh', '-c', `cat ${files.join(' ')}`])).not.toMatch(/DOCKER|docker0/);
  });

  it('each manages its own layer: ufw that of iptables, ferm that of iptables-legacy behind it', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab, false);
    await lab.run(
      ['sh', '-ec', `echo ENABLED=yes > /etc/default/ferm; cat > /etc/ferm/ferm.conf; /etc/init.d/ferm start`],
      {
        input: 'domain (ip ip6) table filter chain OUTPUT { policy DROP; proto tcp dport https ACCEPT; }\n',
      },
    );
    await lab.run(['systemctl', 'enable', '-q', 'ferm', 'ufw']);
    await lab.run(['ufw', '--force', 'enable']);
    const seen = await look(lab);
    expect(seen.owners).toEqual(['ufw active in iptables', 'ferm active in iptables-legacy']);
    expect(seen.layers).toEqual(['iptables nft: ufw of ufw', 'iptables legacy: ferm of ferm']);
    expect(seen.ids).toEqual(expect.arrayContaining(['several-owners', 'hidden-tables']));
    const saved = await fix(lab);
    expect(saved.files).toEqual([]);
    expect(saved.advice).toEqual([
      expect.stringContaining('into "chain OUTPUT" in /etc/ferm/ferm.conf'),
      expect.stringContaining('is not known'),
    ]);
    expect(await lab.exec(['test', '-e', '/etc/iptables/rules.v4'])).toMatchObject({ code: 1 });
  });

  it('each keeps its own family: shorewall makes IPv4 anew, the file of netfilter-persistent is saved for IPv6', async () => {
    await using lab = await startLab();
    await installNetfilterPersistent(lab);
    const configure = `printf 'fw firewall\\nnet ipv4\\n' > /etc/shorewall/zones
printf 'net eth0\\n' > /etc/shorewall/interfaces
printf '$FW all+ REJECT\\nall all DROP\\n' > /etc/shorewall/policy
systemctl enable -q shorewall; shorewall start
cat > /etc/iptables/rules.v6; ip6tables-restore < /etc/iptables/rules.v6`;
    await lab.run(['sh', '-ec', configure], { input: `${drops(':INPUT ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]')}` });
    const seen = await look(lab);
    expect(seen.owners).toEqual(['shorewall active in iptables', 'netfilter-persistent active in iptables']);
    expect(seen.layers).toEqual(['iptables nft: shorewall of shorewall, netfilter-persistent']);
    const { files, advice } = await fix(lab);
    expect(files).toEqual(['/etc/iptables/rules.v6']);
    expect(advice.join()).toContain('first into /etc/shorewall/rules');
    expect(await lab.run(['grep', '-c', 'lo-doctor', '/etc/iptables/rules.v6'])).toBe('1\n');
  });

  it('nobody manages legacy rules that are left behind the nft front, and both are told apart', async () => {
    await using lab = await startLab();
    await lab.loadRules(drops(), { variant: 'legacy' });
    await lab.loadNft(script);
    const seen = await look(lab);
    expect(seen.owners).toEqual([]);
    expect(seen.layers).toEqual(['nftables : none of ', 'iptables legacy: none of ']);
    expect(seen.findings.find(({ id }) => id === 'hidden-tables')?.advice).toContain(
      'left over from before a change of variant',
    );
    await fix(lab);
  });

  it('a generator takes the rules of Docker and fail2ban away with it, and so it is said', async () => {
    await using lab = await startLab();
    await useVariant(lab, 'legacy');
    await lab.run(
      ['sh', '-ec', 'echo ENABLED=yes > /etc/default/ferm; cat > /etc/ferm/ferm.conf; /etc/init.d/ferm start'],
      {
        input: 'domain (ip ip6) table filter chain OUTPUT { policy ACCEPT; proto tcp dport https ACCEPT; }\n',
      },
    );
    await lab.run(['systemctl', 'enable', '-q', 'ferm']);
    await startDocker(lab);
    await startContainer(lab, '172.17.0.2', 8080);
    await startFail2ban(lab, 'iptables-multiport');
    await ban(lab, 'INPUT', '203.0.113.1');
    const seen = await look(lab);
    expect(seen.owners).toEqual([
      'ferm active in iptables-legacy',
      'docker active in iptables-legacy',
      'fail2ban active in iptables-legacy',
    ]);
    expect(seen.layers).toEqual(['iptables legacy: ferm of ferm, docker, fail2ban']);
    expect(seen.findings.find(({ id }) => id === 'rules-made-anew')?.advice).toContain(
      'The rules of docker and fail2ban beside it go as well then: after it, restart docker and fail2ban.',
    );
    const beside = () => lab.run(['sh', '-c', 'iptables-save | grep -c -e DOCKER -e f2b- || true']);
    expect(await beside()).not.toBe('0\n');
    await lab.run(['/etc/init.d/ferm', 'reload']);
    expect(await beside()).toBe('0\n');
  });
});
