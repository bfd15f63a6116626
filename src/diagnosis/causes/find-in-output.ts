// What a failing command itself says of the cause: names, TLS, logins, permissions.

import type { Finding } from '../finding.ts';
import type { Cause } from './cause.ts';

/** Words of a cause in a command's output, and what they mean. */
type Hint = Pick<Finding, 'id' | 'title' | 'advice' | 'commands'> & { readonly words: RegExp };

/** The first that fits counts. The words are those of glibc, OpenSSL, GnuTLS and the usual servers. */
const HINTS: readonly Hint[] = [
  {
    id: 'name-resolution',
    words:
      /could(?: not|n't) resolve (?:host|proxy)|name or service not known|temporary failure in name resolution|no address associated with hostname|nodename nor servname|getaddrinfo (?:failed|ENOTFOUND|EAI_AGAIN)|unknown host\b/i,
    title: 'The command could not resolve a name.',
    advice:
      'Look at /etc/resolv.conf and /etc/hosts. A name server on this server (127.0.0.53, 127.0.0.1) is asked over lo, others by the network.',
    commands: [['cat', '/etc/resolv.conf', '/etc/hosts']],
  },
  {
    id: 'tls',
    words:
      /certificate (?:verify failed|has expired|problem|verification failed|is not (?:yet )?valid|subject name)|self[- ]signed certificate|unable to get local issuer|ssl_error|ssl routines|sslv3 alert|tlsv1\S* alert|wrong version number|(?:ssl|tls) handshake|gnutls_handshake|no alternative certificate subject name/i,
    title: 'The command reached its server and failed on TLS.',
    advice: 'Look at the certificate, its name and date; no firewall rule is part of that.',
    commands: [],
  },
  {
    id: 'login',
    words:
      /login incorrect|authentication (?:failed|unsuccessful|credentials invalid)|password authentication failed|access denied for user|permission denied \((?:publickey|password|keyboard)|\b530[ -]|\b535[ -]|NOAUTH|WRONGPASS/i,
    title: 'The command reached its server, which refused the login.',
    advice: 'Check user name and password; no firewall rule is part of that.',
    commands: [],
  },
  {
    id: 'permission',
    words: /permission denied|operation not permitted|\bEACCES\b|\bEPERM\b/i,
    title: 'The system refused the command something.',
    advice:
      'A permission of a file or of the user, SELinux or AppArmor may be the cause. A packet that netfilter drops shows as "Operation not permitted" too, but only over UDP and ping, and the rules would say so.',
    commands: [['journalctl', '-k', '-g', 'avc:|apparmor=', '-n', '20']],
  },
];

/** The cause that a failed command's own output names; a command that worked proves nothing. */
export const findInOutput: Cause = ({ attempts, found }) => {
  // Netfilter's own refusal is called a permission, too.
  const isTold = found.some(({ finding, blame }) => finding.severity === 'problem' && blame === 'filter');
  for (const attempt of attempts) {
    if (attempt.kind !== 'command' || attempt.code === 0) continue;
    const lines = attempt.output.split('\n');
    for (const { words, ...said } of HINTS) {
      const line = lines.find((one) => words.test(one));
      if (line === undefined || (isTold && said.id === 'permission')) continue;
      const finding = { severity: 'problem', ...said, evidence: [`its output: ${line.trim()}`] } as const;
      return { finding, blame: 'server', explains: [], command: said.id === 'permission' ? 'fallback' : 'says-why' };
    }
  }
  return null;
};
