import { write, writeSync } from 'node:fs';

/** With a reader that stands still, lines beyond this are dropped and counted rather than kept or waited for. */
const MOST_QUEUED_CHARS = 8 * 1024 * 1024;
/** A pipe that is full and does not block is tried again after this. */
const RETRY_MS = 20;

/**
 * Writes lines in the background, everything that waits in one go. A log that cannot be written (a full disk, a reader that is
 * gone or stands still) neither stops nor ends the server. (Pino's own stream would: it waits for ever at exit.)
 */
export class LogStream {
  private queued: string[] = [];
  private queuedChars = 0;
  private dropped = 0;
  private isWriting = false;
  private readonly onIdle: (() => void)[] = [];

  constructor(private readonly fd: number) {}

  write(line: string): void {
    if (this.queuedChars > MOST_QUEUED_CHARS) {
      this.dropped++;
      return;
    }
    this.queued.push(line);
    this.queuedChars += line.length;
    if (this.isWriting) return;
    this.isWriting = true;
    process.on('exit', this.writeRest);
    // The lines of a turn travel together, and in order even when the process ends in this turn.
    setImmediate(() => this.writeQueued());
  }

  /** Calls back when everything so far is written, or was given up. */
  whenIdle(done: () => void): void {
    if (this.isWriting) this.onIdle.push(done);
    else done();
  }

  private writeQueued(): void {
    const bytes = this.takeQueued();
    if (bytes.length > 0) {
      this.writeBytes(bytes);
      return;
    }
    this.isWriting = false;
    process.off('exit', this.writeRest);
    for (const done of this.onIdle.splice(0)) done();
  }

  private writeBytes(bytes: Buffer): void {
    write(this.fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.writeBytes(bytes), RETRY_MS);
      else if (error === null && written < bytes.length) this.writeBytes(bytes.subarray(written));
      else this.writeQueued();
    });
  }

  private takeQueued(): Buffer {
    let text = this.queued.join('');
    this.queued = [];
    this.queuedChars = 0;
    if (this.dropped > 0) {
      text += `{"level":"warn","message":"${this.dropped} log lines were dropped, because nobody took them."}\n`;
      this.dropped = 0;
    }
    return Buffer.from(text);
  }

  /** The process ends: there is one try left. */
  private readonly writeRest = (): void => {
    try {
      writeSync(this.fd, this.takeQueued());
    } catch {
      // Nobody is left to be told.
    }
  };
}
