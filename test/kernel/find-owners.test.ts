// Who made the rules of a real server: ufw and firewalld as they are, chains as Docker and fail2ban make them, tables left behind.
import { expect, it } from 'vitest';
import { findRuleFindings } from '../../src/diagnosis/inspect/find-rule-findings.ts';
import { inspect } from '../../src/diagnosis/inspect/inspect.ts';
import { readServer } from '../../src/work/read-server.ts';
import { describeKernel } from './available.ts';
import { hostInLab } from './host-in-lab.ts';
import { type Lab, startLab } from './lab.ts';
import { startFirewalld } from './lab-firewalld.ts';

const look = async (lab: Lab) => {
  const inspection = inspect(await readServer(hostInLab(lab)), 'k1');
  return {
    owners: inspection.owners.map(({ name, status, layers }) => `${name} ${status} in ${layers.join(' and ')}`),
    managers: inspection.layers.map(({ layer, variant, manager }) => `${variant ?? layer}: ${manager}`),
    findings: findRuleFindings(inspection).map(({ id }) => id),
    evidence: inspection.owners.flatMap(({ evidence }) => evidence),
  };
};

describeKernel('the owners of a server’s rules', () => {
  it('are ufw while it is on, beside chains of Docker and fail2ban; and nobody for what it leaves when it is off', async () => {
    await using lab = await startLab();
    await lab.run(['systemctl', 'enable', '-q', 'ufw']);
    await lab.run(['ufw', '--force', 'enable']);
    for (const chain of ['DOCKER-USER', 'f2b-sshd']) await lab.run(['iptables', '-N', chain]);
    expect(await look(lab)).toMatchObject({
      owners: ['ufw active in iptables', 'docker leftover in iptables', 'fail2ban leftover in iptables'],
      managers: ['nft: ufw'],
      findings: ['leftover-rules', 'leftover-rules', 'rules-made-anew'],
    });
    await lab.run(['sed', '-i', 's/^ENABLED=.*/ENABLED=no/', '/etc/ufw/ufw.conf']);
    const off = await look(lab);
    expect(off).toMatchObject({ managers: ['nft: none'] });
    expect(off.owners).toContain('ufw leftover in iptables');
    expect(off.evidence).toContain('/etc/ufw/ufw.conf: ENABLED=no, ufw.service is enabled');
  });

  it('are firewalld for its table and for its direct rules', async () => {
    await using lab = await startLab();
    await lab.run(['systemctl', 'enable', '-q', 'firewalld']);
    await startFirewalld(lab);
    await lab.run([
      'firewall-cmd',
      '--direct',
      '--add-rule',
      'ipv4',
      'filter',
      'OUTPUT',
      '0',
      '-o',
      'lo',
      '-j',
      'DROP',
    ]);
    const { owners, managers, findings, evidence } = await look(lab);
    expect(owners).toEqual(['firewalld active in nftables and iptables']);
    expect(managers).toEqual(['nftables: firewalld', 'nft: firewalld']);
    expect(findings).toEqual(['loopback-blocked', 'drops-not-logged', 'rules-made-anew']);
    expect(evidence).toEqual([
      'firewall-cmd --state: running, firewalld.service is enabled',
      'nftables inet table firewalld',
      'firewalld has direct rules in ip table filter, chain OUTPUT',
    ]);
  });

  it('are nobody for hand-made rules; tables that plain iptables does not show are named', async () => {
    await using lab = await startLab();
    await lab.loadRules('*filter\n-A OUTPUT -p tcp -m tcp --dport 443 -j ACCEPT\nCOMMIT\n');
    expect(await look(lab)).toMatchObject({ owners: [], managers: ['nft: none'], findings: [] });
    await lab.loadRules('*filter\n-A OUTPUT -p tcp -m tcp --dport 9 -j ACCEPT\nCOMMIT\n', { variant: 'legacy' });
    expect(await look(lab)).toMatchObject({ owners: [], findings: ['hidden-tables'] });
  });

  it('are the service that loads them at boot', async () => {
    await using lab = await startLab();
    await lab.run(['systemctl', 'enable', '-q', 'nftables']);
    await lab.loadNft('table inet mine {\nchain out {\ntype filter hook output priority 0;\naccept\n}\n}\n');
    expect(await look(lab)).toMatchObject({
      owners: ['nftables active in nftables'],
      managers: ['nftables: nftables'],
    });
  });
});
