import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that is driven by lines on its input and answers with lines on its output. */
export class LineProcess {
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private readonly arrivals = new Set<() => void>();
  private errors = '';

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    if (this.child.stdout === null || this.child.stderr === null) throw new Error('no pipes');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const wake of this.arrivals) wake();
    });
    this.child.stderr.on('data', (chunk: Buffer) => (this.errors += chunk.toString('utf8')));
  }

  send(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** The first line from index `from` on that matches; waits for it. */
  async expect(pattern: RegExp, timeoutMs = 30_000, from = 0): Promise<string> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = this.lines.slice(from).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`no line like ${String(pattern)} in:\n${this.lines.join('\n')}\n${this.errors}`);
      await this.nextLine(leftMs);
    }
  }

  private nextLine(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.arrivals.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, timeoutMs);
      this.arrivals.add(wake);
    });
  }

  /** Sends a command and returns its `ok` or `error` line. */
  ask(line: string, timeoutMs = 30_000): Promise<string> {
    const from = this.lines.length;
    this.send(line);
    return this.expect(/^(ok|error)\b/, timeoutMs, from);
  }

  async quit(): Promise<void> {
    this.send('quit');
    if (this.child.exitCode === null) await once(this.child, 'exit');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
}
