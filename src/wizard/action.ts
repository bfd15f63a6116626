// What the user can repeat: the actions that typically fail, and what lo-doctor can try of them itself.
import type { Inspection } from '../diagnosis/inspect/inspect.ts';
import type { Listener } from '../diagnosis/listener.ts';
import type { Conversation } from '../firewall/conversation/trace.ts';
import type { Story } from './state.ts';

export type ActionId = 'story' | 'local-services' | 'wordpress' | 'mail' | 'names' | 'database' | 'command' | 'by-hand';

/** An action. `tries` are the conversations that lo-doctor itself can open; empty where only the user can act. */
export type UserAction = {
  readonly id: ActionId;
  readonly tries: readonly Conversation[];
  /** The user's own command line, run by `sh -c`. */
  readonly commandLine: string | null;
};

/** The ports that an action uses on loopback, by the programs that usually do it. */
const PORTS: Record<'wordpress' | 'mail' | 'names' | 'database', readonly number[]> = {
  wordpress: [21, 80, 443, 3306],
  mail: [25, 587],
  names: [53],
  database: [3306, 5432],
};

/** How many connections lo-doctor opens for one action at the most. */
const MOST_TRIES = 12;

/** Ports of services that programs on the same server call by `localhost`, wherever those listen. */
const CALLED_LOCALHOST = [21, 25, 587, 3306, 5432];

/** The addresses by which a local program reaches a listener, or means to. */
const addressesOf = ({ address, port }: Listener, { ownAddresses }: Inspection): string[] => {
  if (address === '0.0.0.0') return ['127.0.0.1', ...ownAddresses.filter((own) => !own.includes(':')).slice(0, 1)];
  if (address === '::' || address === '*') return ['127.0.0.1', '::1', ...ownAddresses.slice(0, 1)];
  return CALLED_LOCALHOST.includes(port) && !address.startsWith('127.') ? ['127.0.0.1', address] : [address];
};

/** The name by which programs call the place of a try; null: its address. */
export const calledName = ({ destination, destinationPort }: Conversation): string | null =>
  CALLED_LOCALHOST.includes(destinationPort ?? 0) && (destination === '127.0.0.1' || destination === '::1')
    ? 'localhost'
    : null;

const toConversation = (protocol: Listener['protocol'], destination: string, port: number): Conversation => ({
  protocol,
  source: destination,
  destination,
  sourcePort: null,
  destinationPort: port,
  uid: 0,
});

const triesFor = (inspection: Inspection, wanted: (listener: Listener) => boolean): Conversation[] => {
  const found = (inspection.listeners ?? [])
    .filter(wanted)
    .flatMap((listener) =>
      addressesOf(listener, inspection).map((address) => toConversation(listener.protocol, address, listener.port)),
    );
  const keys = new Set<string>();
  return found
    .filter(({ protocol, destination, destinationPort }) => {
      const key = `${protocol} ${destination} ${destinationPort}`;
      return keys.has(key) ? false : keys.add(key);
    })
    .slice(0, MOST_TRIES);
};

const endpoints = (tries: readonly Conversation[]): string =>
  tries.map(({ protocol, destination, destinationPort }) => `${protocol} ${destination} ${destinationPort}`).join(', ');

const isBlocked = ({ blockedServices }: Inspection, listener: Listener): boolean =>
  blockedServices.some(({ protocol, port }) => protocol === listener.protocol && port === listener.port);

/**
 * What programs call by localhost, wherever it is: tried even where nobody listens, since that is an answer too. Names are looked up at whatever server
 * /etc/resolv.conf names, and WordPress may need another machine: nobody at a port here would explain neither.
 */
const CALLED_ANYWAY: Partial<Record<keyof typeof PORTS, number>> = { mail: 25, database: 3306 };

const triesOf = (id: keyof typeof PORTS, inspection: Inspection): Conversation[] => {
  const found = triesFor(
    inspection,
    ({ protocol, port }) => PORTS[id].includes(port) && (protocol === 'tcp' || id === 'names'),
  );
  const anyway = CALLED_ANYWAY[id];
  return found.length > 0 || anyway === undefined ? found : [toConversation('tcp', '127.0.0.1', anyway)];
};

/**
 * The actions to choose from, the most likely cause first: what fails on a practice server, then those whose services listen here and
 * are blocked by the rules, then those whose services listen, then the others.
 */
export const listActions = (inspection: Inspection, story: Story | null): UserAction[] => {
  const isBlockedPort = ({ protocol, destinationPort }: Conversation) =>
    inspection.blockedServices.some((one) => one.port === destinationPort && one.protocol === protocol);
  const listens = ({ protocol, destinationPort }: Conversation) =>
    (inspection.listeners ?? []).some((one) => one.port === destinationPort && one.protocol === protocol);
  const typical = (['mail', 'wordpress', 'database', 'names'] as const).map(
    (id): UserAction => ({ id, tries: triesOf(id, inspection), commandLine: null }),
  );
  const rank = ({ tries }: UserAction): number => (tries.some(isBlockedPort) ? 0 : tries.some(listens) ? 1 : 2);
  const likely = typical.toSorted((a, b) => rank(a) - rank(b));
  const services = triesFor(inspection, (listener) => isBlocked(inspection, listener));
  const isNew = services.length > 0 && !likely.some(({ tries }) => endpoints(tries) === endpoints(services));
  const unsure: UserAction[] = isNew ? [{ id: 'local-services', tries: services, commandLine: null }] : [];
  const isCovered = likely.some((action) => rank(action) === 0);
  return [
    ...(story === null ? [] : [{ id: 'story', tries: [], commandLine: story.command } as const]),
    ...(isCovered ? [...likely, ...unsure] : [...unsure, ...likely]),
    { id: 'command', tries: [], commandLine: null },
    { id: 'by-hand', tries: [], commandLine: null },
  ];
};
