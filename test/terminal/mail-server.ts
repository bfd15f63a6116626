// A small server with a policy in force and a mail service behind it, and the wizard of the built bundle in a terminal on it.
import { type Lab, startLab } from '../kernel/lab.ts';
import { markPackets } from '../kernel/mark-packets.ts';
import { bundle } from '../kernel/situation.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './tmux.ts';

/** A filter table as iptables-save prints it; what is left out is accepted. */
export type Filter = {
  readonly input?: readonly string[];
  readonly output?: readonly string[];
  readonly outputPolicy?: 'ACCEPT' | 'DROP';
};

/** The text that iptables-restore loads, and that netfilter-persistent keeps. */
export function printFilter({ input = [], output = [], outputPolicy = 'ACCEPT' }: Filter): string {
  const chains = [':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', `:OUTPUT ${outputPolicy} [0:0]`];
  return `${['*filter', ...chains, ...input, ...output, 'COMMIT'].join('\n')}\n`;
}

export type MailServer = {
  readonly ip?: Filter;
  readonly ip6?: Filter;
  readonly variant?: 'nft' | 'legacy';
  /** Rules of nft's own, as an nft script. */
  readonly nft?: string;
  /** Where the mail service listens (127.0.0.1). */
  readonly address?: string;
  /** The only place where the kernel's lines can be read. `syslog` has this server's alone; of the others, see `kernelLog` of startLab. */
  readonly log?: 'syslog' | 'journal' | 'kernel' | 'none';
};

/** What plain `iptables` is on Debian is an alternative; /etc and /var are the lab's own. */
const chooseVariant = (variant: string) =>
  `for name in iptables ip6tables; do update-alternatives --quiet --set $name /usr/sbin/$name-${variant}; done`;

/** What netfilter-persistent installs, as far as lo-doctor can see it. */
const installNetfilterPersistent = `mkdir -p /run/share/upper /run/share/work /etc/iptables
mount -t overlay -o lowerdir=/usr/share,upperdir=/run/share/upper,workdir=/run/share/work lab /usr/share
mkdir -p /usr/share/netfilter-persistent/plugins.d
touch /usr/share/netfilter-persistent/plugins.d/15-ip4tables /usr/share/netfilter-persistent/plugins.d/25-ip6tables
printf '%s\\n' '[Service]' 'ExecStart=/bin/true' '[Install]' 'WantedBy=multi-user.target' > /etc/systemd/system/netfilter-persistent.service
systemctl --quiet enable netfilter-persistent`;

/** Makes a lab such a server: policy loaded and saved for boot, logs written, the mail service listening. */
export async function setUpMailServer(lab: Lab, server: MailServer): Promise<void> {
  const { ip, ip6, variant = 'nft', nft, address = '127.0.0.1', log = 'syslog' } = server;
  await lab.run(['sh', '-ec', `${chooseVariant(variant)}\n${installNetfilterPersistent}`]);
  await openLog(lab, log);
  await lab.startSmtp(25, address);
  for (const [family, filter, file] of [['ip', ip, 'rules.v4'] as const, ['ip6', ip6, 'rules.v6'] as const]) {
    if (filter === undefined) continue;
    await lab.loadRules(printFilter(filter), { variant, family });
    await lab.run(['tee', `/etc/iptables/${file}`], { input: printFilter(filter) });
  }
  if (nft !== undefined) await lab.loadNft(nft);
}

async function openLog(lab: Lab, log: NonNullable<MailServer['log']>): Promise<void> {
  switch (log) {
    case 'syslog':
      await lab.startRsyslog({ only: await markPackets(lab) });
      break;
    case 'journal':
      await lab.startJournald();
      break;
    case 'kernel':
      return;
    case 'none':
  }
  await lab.run(['mount', '--bind', '/dev/null', '/dev/kmsg']);
}

/** A lab that is such a server. */
export async function startMailServer(server: MailServer, { kernelLog }: { kernelLog?: 'own' } = {}): Promise<Lab> {
  const lab = await startLab(kernelLog === undefined ? {} : { kernelLog });
  try {
    await setUpMailServer(lab, server);
    return lab;
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Opens a terminal with the built lo-doctor in it. */
export function openDoctor(args: readonly string[], options: Omit<TerminalOptions, 'command'> = {}): Promise<Terminal> {
  return openTerminal({ command: [process.execPath, bundle, ...args], ...options });
}
