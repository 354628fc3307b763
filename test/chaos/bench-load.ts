import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Member } from '../support/ensemble.js';

const ZK_BENCH = new URL('../../bin/zk-bench', import.meta.url).pathname;
/** Short, so that one that lost its servers is soon followed by one that has them. */
const ROUND_SECONDS = 2;
const RATE = 400;

/** The `ops` of what `--json` prints. */
function operationsIn(output: string): number {
  const found = /"ops":(\d+)/.exec(output);
  return found === null ? 0 : Number(found[1]);
}

/**
 * The load generator beside the recorded clients: round after round against all members, whatever becomes of it. Nothing of
 * it is checked but that the servers answered; it makes batches, sessions and nodes that the histories do not have.
 */
export class BenchLoad {
  operations = 0;
  rounds = 0;
  private isStopped = false;
  private child: ChildProcess | null = null;
  private readonly done: Promise<void>;

  constructor(private readonly members: readonly Member[]) {
    this.done = this.run();
  }

  /** Lets it remove its nodes. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.child?.kill('SIGINT');
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      this.operations += operationsIn(await this.round());
      this.rounds++;
    }
  }

  private async round(): Promise<string> {
    const servers = this.members.map(({ clientPort, host }) => `${host}:${clientPort}`).join(',');
    const load = ['--profile', 'mixed', '--rate', String(RATE), '--seconds', String(ROUND_SECONDS), '--warm-up', '0'];
    const args = [
      '--server',
      servers,
      ...load,
      '--sessions',
      '6',
      '--keys',
      '20',
      '--timeout',
      '6000',
      '--json',
      '--quiet',
    ];
    const child = spawn(ZK_BENCH, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.child = child;
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    await once(child, 'close');
    this.child = null;
    return output;
  }
}
