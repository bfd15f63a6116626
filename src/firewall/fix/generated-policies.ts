// Programs that generate the whole policy from their own configuration: what is added to it by hand lasts until they run again.

/** How each is told to let loopback through, in its own words. */
const WAYS: Readonly<Record<string, string>> = {
  shorewall:
    'put the line "$FW $FW ACCEPT" first in /etc/shorewall/policy (IPv6: /etc/shorewall6/policy), then shorewall restart',
  firehol: 'set FIREHOL_TRUST_LOOPBACK=1 in /etc/firehol/firehol-defaults.conf, then firehol restart',
  csf: 'put "iptables -I OUTPUT -o lo -j ACCEPT" (and the same with ip6tables, and INPUT -i lo) into /etc/csf/csfpost.sh, then csf -r',
  ferm: 'put "chain OUTPUT outerface lo ACCEPT;" before what drops in /etc/ferm/ferm.conf, then systemctl reload ferm',
};

/** True for a manager whose rules no saved file keeps. */
export function isGenerated(manager: string | undefined): boolean {
  return manager !== undefined && manager in WAYS;
}

/** What has to be done by hand so that the fix outlasts the manager's next run; empty for all other managers. */
export function noteGenerated(manager: string | undefined): string[] {
  const way = WAYS[manager ?? ''];
  if (way === undefined) return [];
  return [
    `${manager} generates these rules from its own configuration, so the fix lasts until it runs again, at boot at the latest. To make it last: ${way}.`,
  ];
}
