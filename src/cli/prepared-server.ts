import type { ServerConfig } from '../config/index.js';
import type { ReloadTarget } from './reload.js';
import type { RunnableServer } from './run-server.js';

type End = Awaited<RunnableServer['finished']>;

/** A server that is made when it starts, so that what it cannot be made from is a start that failed. */
export class PreparedServer implements RunnableServer, ReloadTarget {
  readonly finished: Promise<End>;
  private finish: (end: End | Promise<End>) => void = () => undefined;
  private server: (RunnableServer & ReloadTarget) | null = null;
  private isStopped = false;

  constructor(private readonly make: () => Promise<RunnableServer & ReloadTarget>) {
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
  }

  async start(): Promise<void> {
    const server = await this.make();
    if (this.isStopped) return;
    this.server = server;
    this.finish(server.finished);
    await server.start();
  }

  prepareReload(next: ServerConfig): Promise<() => void> {
    return this.server?.prepareReload(next) ?? Promise.reject(new Error('the server has not started yet'));
  }

  handOver(reason: string): boolean {
    return this.server?.handOver?.(reason) ?? false;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.server?.stop();
  }
}
