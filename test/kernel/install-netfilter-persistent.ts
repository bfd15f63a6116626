// Debian's iptables-persistent in a lab, as far as it can be seen from outside.
import type { Lab } from './lab.ts';

const unit = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n';

/** Makes the lab a Debian with iptables-persistent, enabled or not. */
export async function installNetfilterPersistent(lab: Lab, enabled = true): Promise<void> {
  const script = `mkdir -p /run/u /run/w /etc/iptables
mount -t overlay -o lowerdir=/usr/share,upperdir=/run/u,workdir=/run/w lab /usr/share
mkdir -p /usr/share/netfilter-persistent/plugins.d && touch /usr/share/netfilter-persistent/plugins.d/15-ip4tables
cat > /etc/systemd/system/netfilter-persistent.service
${enabled ? 'systemctl enable netfilter-persistent' : ''}`;
  await lab.run(['sh', '-c', script], { input: unit });
}
