// The restrictions of systemd's units, as evidence.
import type { ServiceLimits, Witness } from './witness.ts';

/** Units that are told at the most: of the many with such a setting, the first ones. */
const MOST = 6;

/** Settings that a packet or a connection over lo can fail by. */
const PACKETS =
  /^(IPAddress(Deny|Allow)|IP(In|E)gressFilterPath|BPFProgram|SocketBindDeny|RestrictNetworkInterfaces|PrivateNetwork|NetworkNamespacePath)=/;

const line = ({ unit, settings }: ServiceLimits, wanted: RegExp): string[] => {
  const told = settings.filter((setting) => wanted.test(setting));
  return told.length === 0 ? [] : [`systemctl show ${unit}: ${told.join(', ')}`];
};

/** A line for each unit that has such settings; `wanted` are those of packets unless told otherwise. */
export const tellLimits = ({ serviceLimits }: Witness, wanted: RegExp = PACKETS): string[] =>
  (serviceLimits ?? []).flatMap((limits) => line(limits, wanted)).slice(0, MOST);

/** The same for the unit that a control group belongs to, and those above it. */
export const tellLimitsOf = ({ serviceLimits }: Witness, group: string | null): string[] =>
  (serviceLimits ?? [])
    .filter(({ controlGroup }) => controlGroup !== null && group !== null && `${group}/`.startsWith(`${controlGroup}/`))
    .flatMap((limits) => line(limits, PACKETS));

/** The unit in a control group's path: `/system.slice/pg.service` */
export const unitIn = (group: string | null): string | null =>
  /\/([^/]+\.(?:service|scope|socket))(?:\/|$)/.exec(group ?? '')?.[1] ?? null;
