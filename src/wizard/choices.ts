// What can be permitted, by what was seen blocked.
import type { Choice, Service } from '../firewall/fix/plan.ts';
import type { Case } from './state.ts';

const servicesSeen = ({ diagnosis }: Case): Service[] => {
  const services = new Map<string, Service>();
  for (const { conversation } of diagnosis?.blocked ?? []) {
    const { protocol, destinationPort: port } = conversation;
    services.set(`${protocol}/${port}`, { protocol, port });
  }
  return [...services.values()];
};

/** All of loopback first, without what guards stop and with it, then only the services seen. */
export const choicesFor = (walk: Case): Choice[] => {
  const services = servicesSeen(walk);
  return [
    { kind: 'all-but-guarded' },
    { kind: 'all' },
    ...(services.length > 0 ? [{ kind: 'services', services } as const] : []),
  ];
};
