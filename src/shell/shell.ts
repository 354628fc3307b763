import {
  type ClientOptions,
  type SessionEvent,
  type SessionState,
  type Watcher,
  ZooKeeperClient,
  ZooKeeperError,
} from '../zk-client/index.js';
import { type ShellControl, type Surroundings, usageError } from './command.js';
import { COMMANDS } from './commands/index.js';
import { CliError, CliExit, errorText, reasonOf } from './errors.js';
import { eventJson, eventLine, sessionLine } from './events.js';
import { parseArguments } from './options.js';
import { Output, type OutputMode, type Sink } from './output.js';
import { wordsOf } from './words.js';

export interface ShellOptions {
  /** A connect string. */
  readonly server: string;
  readonly client: ClientOptions;
  readonly mode: OutputMode;
  /** Says nothing about connections. */
  readonly isQuiet: boolean;
  /** Fails when there is no connection after so long; null: commands wait for one themselves. */
  readonly waitMs: number | null;
}

const STATES: Readonly<Record<SessionState, string>> = {
  connecting: 'CONNECTING',
  connected: 'CONNECTED',
  connectedReadOnly: 'CONNECTEDREADONLY',
  authFailed: 'AUTH_FAILED',
  expired: 'CLOSED',
  closed: 'CLOSED',
};

/** A session with its commands: runs lines, one at a time, and prints what they answer. */
export class Shell implements ShellControl {
  printsWatches = true;
  /** Of the last command. */
  exitCode: number = CliExit.ok;
  readonly out: Output;
  private client: ZooKeeperClient | null = null;
  private currentServer: string;
  private readonly lines = new Map<number, string>();
  private count = 0;
  private running: AbortController | null = null;
  private isEnding = false;

  constructor(
    private readonly options: ShellOptions,
    sink: Sink,
    private readonly files: Surroundings,
  ) {
    this.out = new Output(sink, options.mode);
    this.currentServer = options.server;
  }

  get server(): string {
    return this.currentServer;
  }

  get lineNumber(): number {
    return this.count;
  }

  /** `quit` was run. */
  get isOver(): boolean {
    return this.isEnding;
  }

  /** A command is under way. */
  get isBusy(): boolean {
    return this.running !== null;
  }

  get prompt(): string {
    const state = STATES[this.client?.state ?? 'closed'];
    return `[zk: ${this.currentServer}(${state}) ${this.count}] `;
  }

  lineAt(number: number): string | undefined {
    return this.lines.get(number);
  }

  /** Opens the first session. Throws what makes it impossible. */
  async start(): Promise<void> {
    if (!this.options.isQuiet) this.out.line(`Connecting to ${this.currentServer}`);
    await this.connect(this.currentServer);
  }

  async connect(server: string): Promise<void> {
    await this.client?.close();
    this.currentServer = server;
    this.client = new ZooKeeperClient(server, {
      ...this.options.client,
      failsWhenUnreachable: true,
      onSession: (event) => this.onSession(event),
    });
    const { waitMs } = this.options;
    if (waitMs === null) return;
    try {
      await this.client.connected({ timeoutMs: waitMs });
    } catch (error) {
      await this.client.close();
      throw error;
    }
  }

  /** Runs a line as somebody typed it. Never rejects: what fails is printed, and counted in `exitCode`. */
  async execute(line: string): Promise<void> {
    const words = wordsOf(line);
    if (words.length === 0) return;
    this.lines.set(this.count, line);
    await this.run(words);
    this.count++;
  }

  /** Runs a command and its words. Never rejects. */
  async run(words: readonly string[]): Promise<void> {
    this.running = new AbortController();
    try {
      await this.process(words);
      this.exitCode = CliExit.ok;
    } catch (error) {
      this.fail(error);
    } finally {
      this.running = null;
    }
  }

  async redo(line: string): Promise<void> {
    this.lines.set(this.count, line);
    await this.process(wordsOf(line));
  }

  /** Ends the command that is under way; false: there is none, or it was told so before. */
  interrupt(): boolean {
    const { running } = this;
    if (running === null || running.signal.aborted) return false;
    running.abort();
    return true;
  }

  async quit(): Promise<void> {
    this.isEnding = true;
    await this.client?.close();
  }

  /** The names of a node's children, for completion: none when they cannot be had soon. */
  async childrenOf(path: string, timeoutMs: number): Promise<string[]> {
    if (this.client === null) return [];
    try {
      return (await this.client.getChildren(path, { timeoutMs })).children.sort();
    } catch {
      // Whoever only asks for a completion is not told why there is none.
      return [];
    }
  }

  private async process(words: readonly string[]): Promise<void> {
    const [name = '', ...rest] = words;
    const command = COMMANDS.get(name);
    if (command === undefined) {
      this.printUsage();
      throw new CliError(`Command not found: Command not found ${name}`, CliExit.unknownCommand);
    }
    const { client, running } = this;
    if (command.isLocal !== true && !isAlive(client)) throw new NotConnected();
    const args = parseArguments(rest, command);
    if (args.rest.length < command.least) throw usageError(command);
    if (client === null || running === null) throw new NotConnected();
    const { out, files, watcher } = this;
    await command.run({ client, out, files, shell: this, watcher, signal: running.signal }, args);
  }

  private printUsage(): void {
    if (this.out.isJson) return;
    this.out.remark('ZooKeeper -server host:port -client-configuration properties-file cmd args');
    for (const { name, usage } of COMMANDS.values()) this.out.remark(`\t${name} ${usage}`);
  }

  private fail(error: unknown): void {
    if (error instanceof NotConnected) {
      this.exitCode = CliExit.failed;
      if (this.out.isJson) this.out.failure('Not connected', { code: 'notConnected' });
      else this.out.line('Not connected');
      return;
    }
    if (error instanceof ZooKeeperError && error.code === 'aborted') {
      this.exitCode = CliExit.interrupted;
      this.out.failure('Interrupted', { code: 'interrupted' });
      return;
    }
    this.exitCode = error instanceof CliError ? error.exitCode : CliExit.failed;
    const details = error instanceof ZooKeeperError ? { code: error.code, path: error.path } : {};
    const reason = reasonOf(error);
    this.out.failure(errorText(error), reason === null ? details : { ...details, reason });
    if (reason !== null && !this.out.isJson) this.out.remark(reason);
  }

  private readonly watcher: Watcher = (event) => {
    if (!this.printsWatches || event.type === 'sessionEnded') return;
    this.out.line(`\nWATCHER::\n\n${eventLine(event)}`);
    this.out.json(eventJson(event));
  };

  private onSession(event: SessionEvent): void {
    if (this.printsWatches && !this.options.isQuiet) this.out.line(`\nWATCHER::\n\n${sessionLine(event)}`);
  }
}

class NotConnected extends Error {}

function isAlive(client: ZooKeeperClient | null): boolean {
  return client !== null && ['connecting', 'connected', 'connectedReadOnly'].includes(client.state);
}
