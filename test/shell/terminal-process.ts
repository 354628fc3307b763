import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program on a pseudo-terminal of its own and carries bytes both ways; its end is the program's. */
const PTY =
  'import os, pty, sys\n' +
  'sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 65536))))';

/** A program on a terminal that a test types on. */
export class TerminalProcess {
  private readonly child: ChildProcess;
  private readonly arrivals = new Set<() => void>();
  private text = '';
  private read = 0;

  constructor(command: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn('/usr/bin/python3', ['-c', PTY, ...command], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, TERM: 'xterm', ...env },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('utf8');
      for (const wake of this.arrivals) wake();
    });
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.text;
  }

  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  /** Waits until what is shown behind the last match has `pattern`; answers the match. */
  async expect(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.text.slice(this.read));
      if (match !== null) {
        this.read += match.index + match[0].length;
        return match[0];
      }
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`${String(pattern)} was not shown:\n${JSON.stringify(this.text)}`);
      await this.more(leftMs);
    }
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private more(timeoutMs: number): Promise<void> {
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
}
