// The services of a lab and the clients that talk to them: the near end of the agent that runs inside.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Attempt, Attempted, Order, Request, Response, Service } from './agent.ts';
import type { Lab } from './lab.ts';

export type Services = {
  /** Starts services; resolves when all listen. */
  listen(services: readonly Service[]): Promise<void>;
  /** Stops services. */
  stop(services: readonly Service[]): Promise<void>;
  /** Starts a TCP server that greets with a banner. */
  startTcpServer(port: number, address?: string, banner?: string): Promise<void>;
  /** Starts a mail server that says yes to everything. */
  startSmtp(port?: number, address?: string): Promise<void>;
  /** Has conversations at once, each with the service at its destination; what has not answered in `deadline` ms is silent. */
  talk(attempts: readonly Attempt[], deadline: number): Promise<readonly Attempted[]>;
  /** Has one conversation (TCP, root, 1000 ms). */
  probe(
    destination: string,
    destinationPort: number,
    options?: Partial<Attempt> & { deadline?: number },
  ): Promise<Attempted>;
};

/**
 * The services of a lab. An agent that listens and one that talks start with the first thing asked of them: a talker
 * changes its user now and then, which must not rub off on the connections that a service accepts.
 */
export function startServices(inside: Lab['inside'], env: Record<string, string>): Services {
  const listener = lazyAgent(inside, env);
  const talker = lazyAgent(inside, env);
  const listen = async (services: readonly Service[]) => {
    await listener({ do: 'listen', services });
  };
  return {
    listen,
    stop: async (services) => {
      await listener({ do: 'stop', services });
    },
    startTcpServer: (port, address = '127.0.0.1', banner = 'hello\r\n') =>
      listen([{ protocol: 'tcp', address, port, kind: 'banner', banner }]),
    startSmtp: (port = 25, address = '127.0.0.1') =>
      listen([{ protocol: 'tcp', address, port, kind: 'smtp', banner: '220 web1 ESMTP\r\n' }]),
    talk: (attempts, deadline) => talker({ do: 'talk', attempts, deadline }),
    probe: async (destination, destinationPort, { deadline = 1000, ...options } = {}) => {
      const usual = { protocol: 'tcp', source: null, sourcePort: 0, uid: 0 } as const;
      const attempt = { ...usual, destination, destinationPort, ...options };
      const [attempted] = await talker({ do: 'talk', attempts: [attempt], deadline });
      if (attempted === undefined) throw new Error('the agent lost the attempt');
      return attempted;
    },
  };
}

type AskAgent = (order: Order) => Promise<readonly Attempted[]>;

function lazyAgent(inside: Lab['inside'], env: Record<string, string>): AskAgent {
  let agent: AskAgent | null = null;
  return (order) => {
    agent ??= startAgent(inside, env);
    return agent(order);
  };
}

function startAgent(inside: Lab['inside'], env: Record<string, string>): AskAgent {
  const [nsenter, ...args] = inside([process.execPath]);
  const agent = fork(fileURLToPath(new URL('agent.ts', import.meta.url)), { execPath: nsenter, execArgv: args, env });
  const waiting = new Map<number, PromiseWithResolvers<readonly Attempted[]>>();
  agent.on('message', ({ id, attempted, error }: Response) => {
    if (error === null) waiting.get(id)?.resolve(attempted);
    else waiting.get(id)?.reject(new Error(`in the lab: ${error}`));
    waiting.delete(id);
  });
  agent.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error("the lab's agent ended"));
  });
  let last = 0;
  return (order: Order) => {
    const request: Request = { id: ++last, order };
    const answer = Promise.withResolvers<readonly Attempted[]>();
    waiting.set(request.id, answer);
    agent.send(request);
    return answer.promise;
  };
}
