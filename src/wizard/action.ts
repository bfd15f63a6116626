// What the user can repeat: the actions that typically fail, and what lo-doctor can try of them itself.
import type { Inspection } from '../diagnosis/inspect.ts';
import type { Listener } from '../diagnosis/listener.ts';
import type { Conversation } from '../firewall/trace.ts';

export type ActionId = 'local-services' | 'wordpress' | 'mail' | 'names' | 'database' | 'command' | 'by-hand';

/** An action. `tries` are the conversations that lo-doctor itself can open; empty where only the user can act. */
export type Action = {
  readonly id: ActionId;
  readonly tries: readonly Conversation[];
  /** The user's own command line, run by `sh -c`. */
  readonly commandLine: string | null;
};

/** The TCP ports that an action uses on loopback, by the programs that usually do it. */
const PORTS: Record<'wordpress' | 'mail' | 'names' | 'database', readonly number[]> = {
  wordpress: [21, 80, 443, 3306],
  mail: [25, 587],
  names: [53],
  database: [3306, 5432],
};

/** How many connections lo-doctor opens for one action at the most. */
const MOST_TRIES = 12;

/** The addresses by which a local program reaches a listener. */
const addressesOf = ({ address }: Listener, { ownAddresses }: Inspection): string[] => {
  if (address === '0.0.0.0') return ['127.0.0.1', ...ownAddresses.filter((own) => !own.includes(':')).slice(0, 1)];
  if (address === '::' || address === '*') return ['127.0.0.1', '::1', ...ownAddresses.slice(0, 1)];
  return [address];
};

const toConversation = (destination: string, port: number): Conversation => ({
  protocol: 'tcp',
  source: destination,
  destination,
  sourcePort: null,
  destinationPort: port,
  uid: 0,
});

const triesFor = (inspection: Inspection, wanted: (listener: Listener) => boolean): Conversation[] => {
  const found = inspection.listeners
    .filter((listener) => listener.protocol === 'tcp' && wanted(listener))
    .flatMap((listener) => addressesOf(listener, inspection).map((address) => toConversation(address, listener.port)));
  const keys = new Set<string>();
  return found
    .filter(({ destination, destinationPort }) => {
      const key = `${destination} ${destinationPort}`;
      return keys.has(key) ? false : keys.add(key);
    })
    .slice(0, MOST_TRIES);
};

const endpoints = (tries: readonly Conversation[]): string =>
  tries.map(({ destination, destinationPort }) => `${destination} ${destinationPort}`).join(', ');

const isBlocked = ({ blockedServices }: Inspection, listener: Listener): boolean =>
  blockedServices.some(({ protocol, port }) => protocol === listener.protocol && port === listener.port);

const byHand: Action = { id: 'by-hand', tries: [], commandLine: null };

/**
 * The actions to choose from, the most likely cause first: those whose services listen here and are blocked by the rules, then those
 * whose services listen, then the others.
 */
export const listActions = (inspection: Inspection): Action[] => {
  const blockedPorts = new Set(inspection.blockedServices.map(({ port }) => port));
  const typical = (['mail', 'wordpress', 'database', 'names'] as const).map((id): Action => {
    const tries = triesFor(inspection, ({ port }) => PORTS[id].includes(port));
    return { id, tries, commandLine: null };
  });
  const rank = ({ tries }: Action): number =>
    tries.some(({ destinationPort }) => blockedPorts.has(destinationPort ?? -1)) ? 0 : tries.length > 0 ? 1 : 2;
  const services: Action = {
    id: 'local-services',
    tries: triesFor(inspection, (listener) => isBlocked(inspection, listener)),
    commandLine: null,
  };
  const ranked = typical.map((action, index) => ({ action, key: rank(action) * 10 + index }));
  ranked.sort((a, b) => a.key - b.key);
  const likely = ranked.map(({ action }) => action);
  const isCovered = likely.some((action) => rank(action) === 0);
  const isNew = !likely.some(({ tries }) => endpoints(tries) === endpoints(services.tries));
  const unsure = services.tries.length > 0 && isNew ? [services] : [];
  return [
    ...(isCovered ? [...likely, ...unsure] : [...unsure, ...likely]),
    { id: 'command', tries: [], commandLine: null },
    byHand,
  ];
};
