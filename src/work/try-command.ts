// Runs the user's command, watches what it does, and holds its failure against attempts of lo-doctor's own at the same places and as the same user.
import type { Attempt, CommandTrail, OutsidePlace } from '../diagnosis/attempt.ts';
import type { Endpoint } from '../diagnosis/command-line/endpoint.ts';
import { findInText } from '../diagnosis/command-line/find-in-text.ts';
import { readCommandLine } from '../diagnosis/command-line/read-command-line.ts';
import { isFailing } from '../diagnosis/failures.ts';
import type { Listener } from '../diagnosis/listener.ts';
import { isLoopbackAddress, parseAddress } from '../firewall/model/address.ts';
import type { Host } from '../host/host.ts';
import { readUser } from '../host/limits/read-user.ts';
import { probeConversation } from '../host/network/probe.ts';
import { readRoute } from '../host/network/read-route.ts';
import { resolveName } from '../host/network/resolve-name.ts';
import { markedCommand, type SeenSocket, watchSockets } from '../host/network/watch-sockets.ts';

/** How long a command of the user's may take. */
const COMMAND_TIMEOUT = 10 * 60_000;
/** How long the command's own name server is waited for. */
const LOOKUP_TIMEOUT = 5000;
/** What is looked at of the places that a command has to do with. */
const MOST = { tries: 8, outside: 12, files: 5 } as const;
/** Of a file that the command names, the beginning is read. */
const FILE_BYTES = 65_536;

/** What is known of the server that the command runs on. */
export type Ground = {
  readonly ownAddresses: readonly string[] /** Null: nobody could look. */;
  readonly listeners: readonly Listener[] | null;
};

export type Run = { readonly mark: string; readonly signal: AbortSignal; readonly onOutput: (output: string) => void };

/** A place, and why it is looked at. */
type Place = { readonly endpoint: Endpoint; readonly because: string; readonly isOthers: boolean };

const placesOf = (endpoints: readonly Endpoint[], because: string): Place[] =>
  endpoints.map((endpoint) => ({ endpoint, because, isOthers: false }));

/** A program that waits, or is connected, says by that where it goes. A UDP socket says so only where it is connected. */
const fromSockets = (sockets: readonly SeenSocket[]): Place[] =>
  sockets
    .filter(({ peer, state, isOwn }) => peer.port !== null && (isOwn ? state !== 'TIME-WAIT' : state === 'SYN-SENT'))
    .map((socket) => ({
      endpoint: { host: socket.peer.address, port: socket.peer.port, protocol: socket.protocol },
      because: `${nameWho(socket)} ${socket.state === 'SYN-SENT' ? 'waited for an answer from there' : 'had a connection there'} (ss: ${socket.state})`,
      isOthers: !socket.isOwn && !socket.isBehind,
    }));

const nameWho = ({ process, isOwn, isBehind }: SeenSocket): string => {
  if (isOwn) return 'the command';
  return isBehind
    ? `${process ?? 'a program'}, which the command talked to,`
    : `meanwhile ${process ?? 'another program'}`;
};

const NO_NAME =
  /could(?: not|n't) resolve|name or service not known|temporary failure in name resolution|getaddrinfo|unknown host/i;

/** `nameserver 127.0.0.53` */
const readNameServers = async (host: Host): Promise<Place[]> => {
  const { stdout } = await host.run(['cat', '/etc/resolv.conf']);
  const servers = [...stdout.matchAll(/^\s*nameserver\s+([\da-f.:]+)/gim)].map(([, server = '']) => server);
  return placesOf(
    servers.map((server): Endpoint => ({ host: server, port: 53, protocol: 'udp' })),
    'it is the name server of /etc/resolv.conf, and a name was not found',
  );
};

/** Configurations and scripts that the words name are looked into where nothing else says where the command goes. */
const fromFiles = async (host: Host, files: readonly string[]): Promise<Place[]> => {
  const texts = await Promise.all(
    files.slice(0, MOST.files).map(async (file) => {
      const path = file.replace(/^~\//, '/root/');
      const { code, stdout } = await host.run(['head', '-c', `${FILE_BYTES}`, path], { inUsersDirectory: true });
      return code === 0 && !stdout.includes('\0') ? placesOf(findInText(stdout), `${file} names it`) : [];
    }),
  );
  return texts.flat();
};

const failingLines = (output: string): string => output.split('\n').filter(isFailing).join('\n');

/** The places that a failed command has to do with: what it did first, then what its words say, then what it says itself. */
const findPlaces = async (
  host: Host,
  commandLine: string,
  output: string,
  sockets: readonly SeenSocket[],
): Promise<Place[]> => {
  const { named, assumed, files } = readCommandLine(commandLine);
  const seen = fromSockets(sockets);
  const others = seen.filter(({ isOthers }) => isOthers);
  const known = [
    ...seen.filter(({ isOthers }) => !isOthers),
    ...placesOf(named, 'the command line names it'),
    ...placesOf(findInText(failingLines(output)), 'its output names it'),
    ...(NO_NAME.test(output) ? await readNameServers(host) : []),
  ];
  if (known.length > 0) return [...known, ...others];
  const inFiles = await fromFiles(host, files);
  const likely =
    inFiles.length > 0 ? inFiles : placesOf(assumed, 'such a program goes there unless it is told otherwise');
  return [...likely, ...others];
};

type Located = Place & { readonly address: string };

const locate = async (host: Host, place: Place): Promise<Located[]> => {
  const { endpoint, because } = place;
  if (parseAddress(endpoint.host) !== null) return [{ ...place, address: endpoint.host }];
  const addresses = await resolveName(host, endpoint.host, LOOKUP_TIMEOUT);
  return addresses.map((address) => ({ ...place, because: `${because}: ${endpoint.host}`, address }));
};

const distinct = (places: readonly Located[]): Located[] => {
  const byPlace = new Map<string, Located>();
  for (const place of places) {
    const key = `${place.endpoint.protocol} ${place.address} ${place.endpoint.port}`;
    if (!byPlace.has(key)) byPlace.set(key, place);
  }
  return [...byPlace.values()];
};

const isHere = (address: string, { ownAddresses }: Ground): boolean => {
  const parsed = parseAddress(address);
  return parsed !== null && (isLoopbackAddress(parsed) || ownAddresses.includes(address));
};

/** Words don't say over which protocol: where only a UDP service listens, that is meant. */
const protocolOf = ({ endpoint: { protocol, port } }: Place, { listeners }: Ground): Endpoint['protocol'] => {
  const here = (listeners ?? []).filter((listener) => listener.port === port).map((listener) => listener.protocol);
  return protocol === 'tcp' && here.includes('udp') && !here.includes('tcp') ? 'udp' : protocol;
};

const tryHere = async (
  host: Host,
  place: Located,
  ground: Ground,
  uid: number,
  signal: AbortSignal,
): Promise<Attempt> => {
  const { address, because, isOthers } = place;
  const protocol = protocolOf(place, ground);
  const ends = { source: address, destination: address, sourcePort: null, destinationPort: place.endpoint.port };
  const called = place.endpoint.host === address ? {} : { name: place.endpoint.host };
  return {
    ...(await probeConversation(host, { protocol, ...ends, uid }, signal)),
    because,
    ...called,
    ...(isOthers ? { isOthers } : {}),
  };
};

const lookOutside = async (host: Host, place: Located, uid: number): Promise<OutsidePlace> => {
  const { address, because, endpoint, isOthers } = place;
  const { protocol, port } = endpoint;
  return { protocol, address, port, because, route: await readRoute(host, address, uid), uid, isOthers };
};

/** Runs the command. Where it fails, the places on this server that it has to do with are opened once, and the way to all others is looked up. */
export const tryCommand = async (host: Host, commandLine: string, ground: Ground, run: Run): Promise<Attempt[]> => {
  const watch = await watchSockets(host, run.mark);
  const { code, stdout, stderr } = await host.run(markedCommand(run.mark), {
    input: commandLine,
    signal: run.signal,
    onOutput: run.onOutput,
    timeout: COMMAND_TIMEOUT,
    inUsersDirectory: true,
    withUsersEnvironment: true,
  });
  const { sockets, programs } = await watch.stop();
  const output = `${stdout}${stderr}`;
  const reading = readCommandLine(commandLine);
  const user = reading.user === null ? null : await readUser(host, reading.user);
  const own = sockets.find(({ isOwn }) => isOwn);
  const uid = own?.uid ?? user?.uid ?? 0;
  const isUnknown = reading.user !== null && user === null && own === undefined;
  const trail = {
    user: isUnknown ? 'unknown' : user,
    elsewhere: reading.elsewhere,
    sockets,
    programs,
    outside: [],
  } satisfies CommandTrail;
  const attempt = { kind: 'command', commandLine, code, output, trail } as const;
  if (code === 0 || run.signal.aborted) return [attempt];
  const places = await findPlaces(host, commandLine, output, sockets);
  const located = distinct((await Promise.all(places.map((place) => locate(host, place)))).flat());
  const here = located.filter(({ address }) => isHere(address, ground)).slice(0, MOST.tries);
  const away = located.filter(({ address }) => !isHere(address, ground)).slice(0, MOST.outside);
  const [tries, outside] = await Promise.all([
    // In another network namespace an attempt of ours proves nothing about the command's.
    reading.elsewhere ? [] : Promise.all(here.map((place) => tryHere(host, place, ground, uid, run.signal))),
    Promise.all(away.map((place) => lookOutside(host, place, uid))),
  ]);
  return [{ ...attempt, trail: { ...trail, outside } }, ...tries];
};
