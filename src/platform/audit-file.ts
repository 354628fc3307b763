import { appendFile, rename, stat, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { AuditEvent, AuditLog, Logger } from '../host/index.js';
import { escapeControls } from './control-characters.js';
import { makeFolder } from './make-folder.js';

/** As the appender in ZooKeeper's logback.xml: so large, and so many older ones (`.1` is the newest of them). */
const MOST_BYTES = 10 * 1024 * 1024;
const OLDER_FILES = 10;
/** With a disk that does not answer, more than so much is dropped and counted. */
const MOST_QUEUED_CHARS = 8 * 1024 * 1024;
/** More of a field is left out. */
const MOST_FIELD_CHARS = 4096;
const LOGGER_NAME = 'o.a.z.a.Slf4jAuditLogger';

export interface AuditOptions {
  /** Absolute; null: lines go into the log. */
  readonly file: string | null;
  readonly format: 'text' | 'json';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return String(process.getuid?.() ?? '');
  }
}

/** The fields in the order and under the names of ZooKeeper's lines. */
function fieldsOf(event: AuditEvent): readonly (readonly [string, string])[] {
  const { session, user, ip, operation, znode, znodeType, acl, result } = event;
  const all: readonly (readonly [string, string | undefined])[] = [
    ['session', session],
    ['user', user],
    ['ip', ip],
    ['operation', operation],
    ['znode', znode],
    ['znode_type', znodeType],
    ['acl', acl],
    ['result', result],
  ];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, fieldText(value)] as const]));
}

/**
 * Clients choose most of it: it can neither end its field or line, nor push all that was audited before out of the files.
 * (ZooKeeper writes it as it is.)
 */
function fieldText(value: string): string {
  const short = value.length > MOST_FIELD_CHARS ? `${value.slice(0, MOST_FIELD_CHARS)}...` : value;
  return escapeControls(short);
}

/** `session=0x1...\tuser=127.0.0.1\tip=127.0.0.1\toperation=create\tznode=/a\tznode_type=persistent\tresult=success` */
export function auditText(event: AuditEvent): string {
  return fieldsOf(event)
    .map(([name, value]) => `${name}=${value}`)
    .join('\t');
}

function levelOf({ result }: AuditEvent): 'ERROR' | 'INFO' {
  return result === 'failure' ? 'ERROR' : 'INFO';
}

/** `2026-11-27 00:20:39,123`, the local time, as logback prints %d{ISO8601}. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':');
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The audit log: into a file that rolls, or into the log of the server. */
export class RealAuditLog implements AuditLog {
  readonly serverUser = userName();
  private queued: string[] = [];
  private queuedChars = 0;
  private dropped = 0;
  private writing: Promise<void> | null = null;
  private sizeBytes = 0;

  private constructor(
    private readonly options: AuditOptions,
    private readonly log: Logger,
  ) {}

  /** Throws when the folder of the file cannot be made. */
  static async open(options: AuditOptions, log: Logger): Promise<RealAuditLog> {
    const audit = new RealAuditLog(options, log);
    if (options.file !== null) {
      await makeFolder(dirname(options.file));
      await appendFile(options.file, '');
      audit.sizeBytes = (await stat(options.file)).size;
    }
    return audit;
  }

  record(event: AuditEvent): void {
    const isJson = this.options.format === 'json';
    if (this.options.file === null) {
      this.intoLog(event, isJson);
      return;
    }
    const now = new Date();
    const line = isJson
      ? JSON.stringify({ time: now.toISOString(), ...Object.fromEntries(fieldsOf(event)) })
      : `${stamp(now)} ${levelOf(event)} ${LOGGER_NAME}: ${auditText(event)}`;
    this.queue(`${line}\n`, this.options.file);
  }

  /** Resolves when what was recorded is written. */
  async close(): Promise<void> {
    await this.writing;
  }

  private intoLog(event: AuditEvent, isJson: boolean): void {
    const fields = isJson ? { code: 'AUDIT', ...Object.fromEntries(fieldsOf(event)) } : { code: 'AUDIT' };
    if (event.result === 'failure') this.log.error(auditText(event), fields);
    else this.log.info(auditText(event), fields);
  }

  private queue(line: string, file: string): void {
    if (this.queuedChars > MOST_QUEUED_CHARS) {
      this.dropped++;
      return;
    }
    this.queued.push(line);
    this.queuedChars += line.length;
    this.writing ??= this.writeQueued(file).finally(() => {
      this.writing = null;
    });
  }

  /** The lines of a turn travel together. */
  private async writeQueued(file: string): Promise<void> {
    await Promise.resolve();
    while (this.queued.length > 0) {
      const text = this.queued.join('');
      this.queued = [];
      this.queuedChars = 0;
      try {
        await appendFile(file, text);
        this.sizeBytes += Buffer.byteLength(text);
        if (this.sizeBytes >= MOST_BYTES) await this.roll(file);
      } catch (error) {
        this.log.error(`The audit log ${file} cannot be written: ${String(error)}`, { code: 'AUDIT_FAILED' });
      }
      if (this.dropped > 0) {
        this.log.error(`${this.dropped} audit lines were dropped: the disk of ${file} is too slow.`, {
          code: 'AUDIT_FAILED',
        });
        this.dropped = 0;
      }
    }
  }

  private async roll(file: string): Promise<void> {
    await unlink(`${file}.${OLDER_FILES}`).catch(() => undefined);
    for (let at = OLDER_FILES - 1; at >= 1; at--)
      await rename(`${file}.${at}`, `${file}.${at + 1}`).catch(() => undefined);
    await rename(file, `${file}.1`);
    this.sizeBytes = 0;
  }
}
