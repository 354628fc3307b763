import type { Host } from '../host/index.js';
import { formatZxid, zxidEpoch } from '../protocol/index.js';
import { asStorageError, isDiskError, isNotFound, StorageError } from './errors.js';
import { joinPath, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';
import { Turns } from './turns.js';

const CURRENT = 'currentEpoch';
const ACCEPTED = 'acceptedEpoch';
const STAGED_SUFFIX = '.tmp';
const MEND =
  'Write the epoch that the other servers have (their file of the same name) into it, or start this server with an empty data directory.';

/**
 * `currentEpoch` (whose history this is) and `acceptedEpoch` (the newest one promised to), each ZooKeeper's plain decimal
 * text in dataDir/version-2 (ZOOKEEPER-2307, 4269, 2354).
 *
 * Transactions become durable before `currentEpoch`, so a crash between the two leaves a log that is ahead of the file. To
 * be able to start again, the new epoch is first noted in `currentEpoch.tmp` (`prepareCurrent`), where 3.9.5 looks for it,
 * too. Taking it over is sound: a log with a transaction of an epoch holds that epoch's whole initial history, for a leader
 * sends it first.
 */
export class EpochFiles {
  private currentEpoch = 0;
  private acceptedEpoch = 0;
  private preparedEpoch = -1;
  /** Does the disk have the history that `current` is to speak of? If not, it is only prepared and remembered. */
  mayBeCurrent: () => boolean = () => true;
  private readonly turns = new Turns();

  private constructor(
    private readonly host: Host,
    private readonly dir: string,
    private readonly onError: (error: StorageError) => void,
  ) {}

  /** For a server that keeps no epochs (standalone): those of its last zxid, and no files. */
  static unwritten(host: Host, dir: string, lastZxid: number): EpochFiles {
    const files = new EpochFiles(host, dir, () => undefined);
    files.currentEpoch = zxidEpoch(lastZxid);
    files.acceptedEpoch = files.currentEpoch;
    return files;
  }

  /** Reads both files by the rules of ZooKeeper's `QuorumPeer.loadDataBase`; throws EPOCH_*. */
  static async load(
    host: Host,
    dir: string,
    lastZxid: number,
    onError: (error: StorageError) => void,
  ): Promise<EpochFiles> {
    const files = new EpochFiles(host, dir, onError);
    const zxidsEpoch = zxidEpoch(lastZxid);
    files.currentEpoch = await files.readOrCreate(CURRENT, zxidsEpoch);
    if (zxidsEpoch > files.currentEpoch) await files.takePrepared(zxidsEpoch, lastZxid);
    files.acceptedEpoch = await files.readOrCreate(ACCEPTED, zxidsEpoch);
    if (files.acceptedEpoch < files.currentEpoch) {
      throw new StorageError(
        'EPOCH_ORDER',
        `The accepted epoch ${files.acceptedEpoch} (${files.path(ACCEPTED)}) is older than the current epoch ` +
          `${files.currentEpoch} (${files.path(CURRENT)}). One of the files was changed or brought back alone. Write ` +
          `${files.currentEpoch} into ${ACCEPTED} if this server's disk is otherwise intact; else start it with an empty ` +
          `data directory.`,
        files.path(ACCEPTED),
      );
    }
    return files;
  }

  get current(): number {
    return this.currentEpoch;
  }

  get accepted(): number {
    return this.acceptedEpoch;
  }

  /** Durable when it resolves, unless the history is in memory only. */
  setCurrent(epoch: number): Promise<void> {
    return this.inLine(async () => {
      if (this.mayBeCurrent()) await this.writeCurrent(epoch);
      else await this.stageCurrent(epoch);
      this.currentEpoch = epoch;
    });
  }

  /** Durable when it resolves. */
  setAccepted(epoch: number): Promise<void> {
    return this.inLine(() => this.writeAccepted(epoch));
  }

  /** Must resolve before a transaction or snapshot of an epoch beyond `current` becomes durable. */
  prepareCurrent(epoch: number): Promise<void> {
    return this.inLine(async () => {
      if (epoch > this.currentEpoch && epoch !== this.preparedEpoch) await this.stageCurrent(epoch);
    });
  }

  private path(name: string): string {
    return joinPath(this.dir, name);
  }

  private async readOrCreate(name: typeof CURRENT | typeof ACCEPTED, fallback: number): Promise<number> {
    const found = await this.read(name);
    if (found !== null) return found;
    this.host.log.info(`${this.path(name)} does not exist; it begins with ${fallback}, the epoch of the last zxid.`, {
      code: 'EPOCH_FILE_CREATED',
    });
    await this.inLine(() => (name === CURRENT ? this.writeCurrent(fallback) : this.writeAccepted(fallback)));
    return fallback;
  }

  private async read(name: string): Promise<number | null> {
    const path = this.path(name);
    let text: string;
    try {
      text = (await this.host.disk.readFile(path)).toString('latin1');
    } catch (error) {
      if (isNotFound(error)) return null;
      if (!isDiskError(error) || error.code !== 'OTHER') throw asStorageError(error, `reading ${path}`, path);
      throw new StorageError('EPOCH_FILE', `${path} is no file that can be read (${error.message}). ${MEND}`, path);
    }
    const line = (text.split('\n')[0] ?? '').trim();
    const epoch = Number(line);
    if (/^-?\d+$/.test(line) && Number.isSafeInteger(epoch)) return epoch;
    throw new StorageError(
      'EPOCH_FILE',
      `${path} should hold a whole number, but its first line is ${JSON.stringify(line.slice(0, 40))}. ${MEND}`,
      path,
      0,
    );
  }

  private async takePrepared(zxidsEpoch: number, lastZxid: number): Promise<void> {
    const prepared = await this.readPrepared();
    if (prepared === null || prepared < zxidsEpoch) {
      throw new StorageError(
        'EPOCH_BEHIND_LOG',
        `The current epoch ${this.currentEpoch} (${this.path(CURRENT)}) is older than the last zxid ` +
          `${formatZxid(lastZxid)}, whose epoch is ${zxidsEpoch}. The file was lost or brought back from an older copy. ` +
          `Start this server with an empty data directory; if it is the only one left, write ${zxidsEpoch} into ` +
          `${CURRENT} and ${ACCEPTED}.`,
        this.path(CURRENT),
      );
    }
    this.host.log.info(
      `The last zxid is of epoch ${zxidsEpoch} and ${CURRENT}${STAGED_SUFFIX} holds ${prepared}: the current epoch is ${zxidsEpoch}.`,
      { code: 'EPOCH_FROM_STAGED' },
    );
    await this.inLine(() => this.writeCurrent(zxidsEpoch));
  }

  private async readPrepared(): Promise<number | null> {
    try {
      return await this.read(CURRENT + STAGED_SUFFIX);
    } catch (error) {
      // Java may have died while it wrote it.
      if (error instanceof StorageError && error.code === 'EPOCH_FILE') return null;
      throw error;
    }
  }

  /** Replaces `currentEpoch.tmp` in one step: what it held may be needed until then. */
  private async stageCurrent(epoch: number): Promise<void> {
    await this.writeWhole(epoch, this.path(STAGED_PREFIX + CURRENT), this.path(CURRENT + STAGED_SUFFIX));
    this.preparedEpoch = epoch;
  }

  private async writeCurrent(epoch: number): Promise<void> {
    if (epoch !== this.preparedEpoch) await this.stageCurrent(epoch);
    await this.host.disk.rename(this.path(CURRENT + STAGED_SUFFIX), this.path(CURRENT));
    await this.host.disk.syncDir(this.dir);
    this.preparedEpoch = -1;
    this.currentEpoch = epoch;
  }

  private async writeAccepted(epoch: number): Promise<void> {
    await this.writeWhole(epoch, this.path(ACCEPTED + STAGED_SUFFIX), this.path(ACCEPTED));
    this.acceptedEpoch = epoch;
  }

  private async writeWhole(epoch: number, stagedPath: string, path: string): Promise<void> {
    const staged = await StagedFile.create(this.host.disk, stagedPath);
    await staged.write(Buffer.from(String(epoch), 'latin1'));
    await staged.seal();
    await staged.publish(path);
  }

  /** One change at a time, in order; an error is the server's end. */
  private async inLine(change: () => Promise<void>): Promise<void> {
    try {
      await this.turns.take(change);
    } catch (error) {
      const failure = asStorageError(error, `writing an epoch in ${this.dir}`, this.dir);
      this.onError(failure);
      throw failure;
    }
  }
}
