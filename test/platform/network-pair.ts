import type { Endpoint, Host, Listener, Socket, SocketHandler } from '../../src/host/index.js';

export const ANY_PORT: Endpoint = { host: '127.0.0.1', port: 0 };

/** A handler that notes what it is told and lets tests wait for it. */
export class Recorder implements SocketHandler {
  readonly told: string[] = [];
  received = Buffer.alloc(0);
  closeError: Error | undefined;
  private readonly waiting: { what: () => boolean; resolve: () => void }[] = [];

  onData(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    this.note('data');
  }

  onEnd(): void {
    this.note('end');
  }

  onDrain(): void {
    this.note('drain');
  }

  onClose(error: Error | undefined): void {
    this.closeError = error;
    this.note('close');
  }

  when(what: () => boolean): Promise<void> {
    if (what()) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting.push({ what, resolve });
    });
  }

  whenTold(what: string): Promise<void> {
    return this.when(() => this.told.includes(what));
  }

  private note(what: string): void {
    if (what !== 'data' || this.told.at(-1) !== 'data') this.told.push(what);
    for (const waiter of this.waiting) if (waiter.what()) waiter.resolve();
  }
}

export interface Pair {
  readonly listener: Listener;
  readonly client: Socket;
  readonly server: Socket;
}

/** A connection over loopback, both ends not yet started. */
export async function connected(host: Host): Promise<Pair> {
  let accept: (socket: Socket) => void = () => undefined;
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const listener = await host.network.listen({ endpoint: ANY_PORT }, (socket) => accept(socket));
  const client = await host.network.dial({ host: '127.0.0.1', port: listener.endpoint.port }, 5000);
  return { listener, client, server: await accepted };
}
