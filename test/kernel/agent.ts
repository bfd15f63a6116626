// The lab's own process: real services that listen in the lab, and clients that talk to them. Driven over Node's IPC by lab.ts and the fuzzer.
import { execFile } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, Socket } from 'node:net';

/** A listening service: echoes what it gets (UDP: answers), or greets with a banner (`smtp` also plays a mail server's part). */
export type Service = {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly kind: 'echo' | 'banner' | 'smtp';
  readonly banner: string;
};

/** A conversation to be had: `sourcePort` 0 and `source` null leave the choice to the kernel. For icmp, `sourcePort` is the echo's identifier. */
export type Attempt = {
  readonly protocol: 'tcp' | 'udp' | 'icmp';
  readonly source: string | null;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly uid: number;
};

/**
 * How it went. `works`: an answer came back (over UDP and for ICMP: twice). `refused`: an error came back. `silent`: nothing within the deadline.
 * `connected`: the TCP handshake was completed as the client sees it. `answer`: what the service said first.
 */
export type Attempted = {
  readonly outcome: 'works' | 'refused' | 'silent';
  readonly connected: boolean;
  readonly error: string | null;
  readonly answer: string;
};

/** What the agent can be asked for. */
export type Order =
  | { readonly do: 'listen'; readonly services: readonly Service[] }
  | { readonly do: 'stop'; readonly services: readonly Service[] }
  | { readonly do: 'talk'; readonly attempts: readonly Attempt[]; readonly deadline: number };

export type Request = { readonly id: number; readonly order: Order };
export type Response = { readonly id: number; readonly attempted: readonly Attempted[]; readonly error: string | null };

const question = 'EHLO lab\r\n';
const answer = '250 ok\r\n';

/** What is said over UDP. The two are not of one length, so a log line tells them apart. */
export const udpRounds = [{ question, answer }] as const;

const listening = new Map<string, { close(): void }>();
const nameOf = (service: Service) => `${service.protocol} ${service.address} ${service.port}`;

async function follow(order: Order): Promise<Attempted[]> {
  switch (order.do) {
    case 'listen':
      await Promise.all(order.services.map(listen));
      return [];
    case 'stop':
      order.services.forEach(stop);
      return [];
    case 'talk':
      return talk(order.attempts, order.deadline);
  }
}

async function listen(service: Service): Promise<void> {
  const open = service.protocol === 'tcp' ? listenTcp : listenUdp;
  listening.set(nameOf(service), await open(service));
}

function stop(service: Service): void {
  listening.get(nameOf(service))?.close();
  listening.delete(nameOf(service));
}

function listenTcp({ address, port, kind, banner }: Service): Promise<{ close(): void }> {
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => client.destroy());
    if (kind !== 'echo') client.write(banner);
    client.on('data', (data) => {
      if (kind === 'echo') client.write(data);
      if (kind === 'smtp') client.write(smtpAnswer(data.toString()));
    });
  });
  const close = () => {
    server.close();
    for (const client of clients) client.destroy();
  };
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen({ host: address, port, ipv6Only: true, backlog: 1024 }, () => resolve({ close }));
  });
}

function smtpAnswer(line: string): string {
  if (/^data/i.test(line)) return '354 go on\r\n';
  if (/^quit/i.test(line)) return '221 bye\r\n';
  return answer;
}

function listenUdp({ address, port }: Service): Promise<UdpSocket> {
  const server = udpSocket(address);
  // It answers questions only: two services that answer each other's answers would never end.
  server.on('message', (data, from) => {
    const round = udpRounds.find((one) => one.question === `${data}`);
    if (round !== undefined) server.send(round.answer, from.port, from.address, () => {});
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.bind(port, address, () => resolve(server));
  });
}

function udpSocket(address: string): UdpSocket {
  const [type, family] = address.includes(':') ? (['udp6', 6] as const) : (['udp4', 4] as const);
  // Addresses need no lookup; without one the socket is made at once.
  return createSocket({ type, ipv6Only: family === 6, lookup: (host, _options, found) => found(null, host, family) });
}

let opening: Promise<unknown> = Promise.resolve();

/** All at once, but one user after the other: a socket belongs to the user that this process is while it is made. */
async function talk(attempts: readonly Attempt[], deadline: number): Promise<Attempted[]> {
  const results: Promise<Attempted>[] = [];
  const open = async () => {
    for (const uid of new Set(attempts.map((attempt) => attempt.uid))) {
      process.seteuid?.(uid);
      attempts.forEach((attempt, place) => {
        if (attempt.uid === uid) results[place] = talkers[attempt.protocol](attempt, deadline);
      });
      await new Promise((resolve) => setImmediate(resolve));
      process.seteuid?.(0);
    }
  };
  opening = opening.then(open);
  await opening;
  return Promise.all(results);
}

function talkTcp(attempt: Attempt, deadline: number): Promise<Attempted> {
  const socket = new Socket();
  return new Promise((resolve) => {
    let connected = false;
    const finish = (outcome: Attempted['outcome'], error: string | null, answer = '') => {
      clearTimeout(timer);
      // A reset leaves no TIME_WAIT behind that would hold the port.
      socket.resetAndDestroy();
      resolve({ outcome, connected, error, answer });
    };
    const timer = setTimeout(() => finish('silent', null), deadline);
    socket.on('connect', () => {
      connected = true;
      socket.write(question);
    });
    socket.on('data', (data) => finish('works', null, data.toString()));
    socket.on('error', (error) => finish('refused', error.message));
    socket.on('close', () => finish('refused', 'closed'));
    socket.connect({
      host: attempt.destination,
      port: attempt.destinationPort,
      ...(attempt.source === null ? {} : { localAddress: attempt.source }),
      ...(attempt.sourcePort === 0 ? {} : { localPort: attempt.sourcePort }),
    });
  });
}

function talkUdp(attempt: Attempt, deadline: number): Promise<Attempted> {
  const socket = udpSocket(attempt.destination);
  return new Promise((resolve) => {
    const finish = (outcome: Attempted['outcome'], error: string | null, answer = '') => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve({ outcome, connected: false, error, answer });
    };
    const timer = setTimeout(() => finish('silent', null), deadline);
    socket.on('error', (error) => finish('refused', error.message));
    const [first] = udpRounds;
    const ask = (words: string) => socket.send(words, (error) => error !== null && finish('refused', error.message));
    socket.on('message', (data) => finish('works', null, `${data}`));
    socket.bind(attempt.sourcePort, attempt.source ?? undefined, () => {
      socket.connect(attempt.destinationPort, attempt.destination, () => ask(first.question));
    });
  });
}

/** Two echoes. Ping gives up by itself after the deadline. */
function talkIcmp({ source, destination, sourcePort }: Attempt, deadline: number): Promise<Attempted> {
  const from = source === null ? [] : ['-I', source];
  const identifier = sourcePort === 0 ? [] : ['-e', `${sourcePort}`];
  const args = ['-n', '-q', '-c', '2', '-i', '0.002', '-W', `${deadline / 1000}`, ...from, ...identifier, destination];
  return new Promise((resolve) => {
    execFile('ping', args, (_error, stdout, stderr) => {
      const works = stdout.includes(' 2 received');
      resolve({
        outcome: works ? 'works' : 'silent',
        connected: false,
        error: works ? null : stderr + stdout,
        answer: '',
      });
    });
  });
}

const talkers = { tcp: talkTcp, udp: talkUdp, icmp: talkIcmp };

process.on('message', ({ id, order }: Request) => {
  const respond = (response: Omit<Response, 'id'>) => process.send?.({ id, ...response } satisfies Response);
  follow(order).then(
    (attempted) => respond({ attempted, error: null }),
    (error) => respond({ attempted: [], error: String(error) }),
  );
});
