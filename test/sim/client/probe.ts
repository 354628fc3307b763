import { SimClient, type ClientSurroundings } from './sim-client.js';

/**
 * Somebody who comes to one server after the faults and wants to be served: a session, a write, a sync with a read behind
 * it, and the end of the session, each with its answer. A server that looks well and answers nobody does not pass.
 */
export class Probe {
  isDone = false;
  private readonly client: SimClient;

  constructor(
    name: string,
    readonly server: string,
    around: Omit<ClientSurroundings, 'servers'>,
  ) {
    this.client = new SimClient(name, { ...around, servers: [server] });
    this.client.onReady = () => this.ask();
  }

  start(): void {
    this.client.start();
  }

  /** What is missing, for the report. */
  get state(): string {
    const { isConnected, outstanding } = this.client;
    return isConnected ? `${outstanding} of its requests are not answered` : 'it has no session';
  }

  private ask(): void {
    const { client } = this;
    client.ask({ kind: 'set', path: '/k/0', data: client.name, version: -1 });
    client.askFresh({ kind: 'get', path: '/k/0', isSynced: true });
    client.closeSession(() => {
      this.isDone = true;
      client.abandon();
    });
  }
}
