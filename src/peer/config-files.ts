import { posix } from 'node:path';
import { rewriteConfig } from '../config/index.js';
import { type Disk, DiskError, type Logger } from '../host/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import { StagedFile } from '../storage/index.js';

/**
 * The configuration on disk, as ZooKeeper keeps it beside zoo.cfg:
 *
 * - `zoo.cfg.dynamic.next`: the last seen configuration while it is not decided, its version among the lines;
 * - `zoo.cfg.dynamic.<version>`: a configuration that is or was in force; its version is in the name only;
 * - the line `dynamicConfigFile=` of zoo.cfg, which says which one is in force.
 *
 * Each file appears whole or not at all, and `next` goes last: a crash between two steps leaves a server that still asks for
 * quorums of both configurations. Files that cannot be written stay as they are, which is told
 * once, until they can be written again.
 */
export class ConfigFiles {
  private last: Promise<void> = Promise.resolve();
  private hasComplained = false;

  constructor(
    private readonly disk: Disk,
    private readonly log: Logger,
    private readonly configFile: string,
  ) {}

  /** Resolves when everything asked for so far is done. */
  idle(): Promise<void> {
    return this.last;
  }

  /** Resolves when the configuration is durable as the last seen one, or cannot be written. Never rejects. */
  remember(verifier: QuorumVerifier): Promise<void> {
    this.enqueue(() => this.replace(this.nextFile, linesOf(verifier, true)));
    return this.last;
  }

  /**
   * Makes the configuration the one that the server starts with.
   *
   * @param hasClientPort does it say where this server serves clients?
   * @param isDecided is it the last seen one, too?
   */
  commit(verifier: QuorumVerifier, hasClientPort: boolean, isDecided: boolean): void {
    this.enqueue(async () => {
      const dynamicFile = `${this.configFile}.dynamic.${verifier.version.toString(16)}`;
      await this.replace(dynamicFile, linesOf(verifier, false));
      await this.pointTo(dynamicFile, hasClientPort);
      if (isDecided) await this.removeNext();
    });
  }

  /** There is no last seen configuration but the committed one: resolves when that is durable. */
  forget(): Promise<void> {
    this.enqueue(async () => {
      await this.removeNext();
      await this.disk.syncDir(posix.dirname(this.configFile));
    });
    return this.last;
  }

  private get nextFile(): string {
    return `${this.configFile}.dynamic.next`;
  }

  private enqueue(work: () => Promise<void>): void {
    this.last = this.last.then(work).then(
      () => {
        this.hasComplained = false;
      },
      (error: unknown) => {
        this.complain(error instanceof Error ? error.message : String(error));
      },
    );
  }

  private async pointTo(dynamicFile: string, hasClientPort: boolean): Promise<void> {
    const old = await this.disk.readFile(this.configFile);
    if (!/^[ \t\f]*dynamicConfigFile/m.test(old.toString('latin1'))) await this.replace(`${this.configFile}.bak`, old);
    const fresh = rewriteConfig(old, { dynamicFile, dropsClientPort: hasClientPort });
    if (!fresh.equals(old)) await this.replace(this.configFile, fresh);
  }

  private async replace(path: string, bytes: Buffer): Promise<void> {
    const file = await StagedFile.create(this.disk, `${path}.tmp`);
    try {
      await file.write(bytes);
      await file.seal();
    } catch (error) {
      await file.abort();
      throw error;
    }
    await file.publish(path);
  }

  private async removeNext(): Promise<void> {
    try {
      await this.disk.remove(this.nextFile);
    } catch (error) {
      if (!(error instanceof DiskError) || error.code !== 'NOT_FOUND') throw error;
    }
  }

  private complain(why: string): void {
    if (this.hasComplained) return;
    this.hasComplained = true;
    this.log.warn(
      `The new configuration cannot be written beside ${this.configFile} (${why}); the files stay as they are. ` +
        'After a restart this server knows the old one until another server tells it.',
      { code: 'CONFIG_FILES' },
    );
  }
}

function linesOf(verifier: QuorumVerifier, withVersion: boolean): Buffer {
  const lines = verifier
    .toText()
    .split('\n')
    .filter((line) => withVersion || !line.startsWith('version='));
  return Buffer.from(lines.sort().join('\n'), 'utf8');
}
