// EAFNOSUPPORT: the program may not use such addresses at all, or the kernel knows none.
import type { Cause } from '../causes/cause.ts';
import { tellLimits } from '../tell-limits.ts';

const WORDS = /address family not supported|EAFNOSUPPORT|\(97\)/i;

export const findAddressFamily: Cause = ({ attempts, witness }) => {
  const line = attempts
    .flatMap((one) => (one.kind === 'command' && one.code !== 0 ? one.output.split('\n') : []))
    .find((text) => WORDS.test(text));
  if (line === undefined) return null;
  return {
    finding: {
      id: 'address-family',
      severity: 'problem',
      title: 'The system gives the program no socket of this kind: no packet is sent, and no firewall is asked.',
      evidence: [
        `its output: ${line.trim()}`,
        ...tellLimits(witness, /^RestrictAddressFamilies=/),
        ...witness.wayFaults
          .filter(({ finding }) => finding.id === 'ip6-off')
          .flatMap(({ finding }) => finding.evidence),
      ],
      advice:
        'A service with RestrictAddressFamilies= gets only the families named there (AF_INET, AF_INET6, AF_UNIX); a kernel without IPv6 (ipv6.disable=1) knows no AF_INET6.',
      commands: [
        ['systemctl', 'show', '-p', 'RestrictAddressFamilies', 'UNIT'],
        ['cat', '/proc/cmdline'],
      ],
    },
    blame: 'server',
    explains: [],
    command: 'says-why',
  };
};
