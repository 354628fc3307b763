import { Fifo, type FolderClaim, type Host } from '../host/index.js';
import type { Counter, Metrics } from '../metrics/index.js';
import type { TxnDigest, TxnEntry } from '../protocol/index.js';
import { formatZxid, zxidEpoch } from '../protocol/index.js';
import type { DataTree, TxnResult } from '../tree/index.js';
import { type BackupRequest, takeBackup } from './backup.js';
import type { StoredBackup } from './backup-manifest.js';
import type { DataFolders } from './data-folders.js';
import { claimFolders, openDataFolders, releaseFolders, removeStaged } from './data-folders.js';
import { EpochFiles } from './epoch-files.js';
import { asStorageError, StorageError } from './errors.js';
import { ImageRefusals } from './image-refusals.js';
import { firstTransaction, readHistory } from './log-history.js';
import { noteLogPlace, requireLogs } from './log-place.js';
import { LogWriter } from './log-writer.js';
import { listLogs, listSnapshots, snapshotName } from './names.js';
import type { DatabaseOptions } from './options.js';
import { purgeFiles } from './purge.js';
import { recover, stateOf } from './recovery.js';
import type { State } from './replay.js';
import { applyEntry } from './replay.js';
import { SnapshotBody } from './snapshot-body.js';
import { refuseUnfinishedRestore } from './restore-mark.js';
import { publishRestore, type StagedRestore, stageRestore } from './restore.js';
import type { ReceivedSnapshot } from './snapshot-receive.js';
import { SnapshotReceive } from './snapshot-receive.js';
import { SnapshotSchedule, SnapshotTaker } from './snapshot-taking.js';
import { Turns } from './turns.js';
import {
  cutLogs,
  cutLogsBeyond,
  dropOtherSnapshots,
  dropSnapshotsBeyond,
  planTruncation,
  type Truncation,
} from './truncation.js';
import { follows } from './zxid-order.js';

/** A transaction that was applied, and what came of it. */
export interface Applied {
  readonly entry: TxnEntry;
  readonly result: TxnResult;
}

/** Committed state for a learner that gets everything. */
export type SnapshotSend = SnapshotBody;

/** A snapshot file. */
export interface StoredSnapshot {
  readonly zxid: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** Since 1970. */
  readonly modifiedMs: number;
}

/** How much a learner would have to be sent from the log, and how much as a whole. */
export interface SyncSizes {
  readonly logBytes: number;
  readonly snapshotBytes: number;
}

/**
 * One log, one tree. `append` logs; `applyNext` applies the oldest logged transaction and refuses one that is not durable
 * (ZOOKEEPER-4882). Memory is what the disk says: after recovery, truncation and a received snapshot the tree is rebuilt
 * from files, and at the end of a role `settle` applies what is logged (ZOOKEEPER-2845).
 *
 * An I/O error of log or epochs is the end: `onFatal` is called once, and nothing is durable any more (ZOOKEEPER-3701).
 */
export class Database {
  /** Once a group commit, with the newest durable zxid. */
  onDurable: ((zxid: number) => void) | null = null;
  /** Once. The process should end. */
  onFatal: ((error: StorageError) => void) | null = null;
  private fatal: StorageError | null = null;
  private activity: 'none' | 'truncating' | 'receiving' | 'closed' = 'none';
  /** Purging and cutting must not count on each other's files. */
  private readonly filesTurn = new Turns();
  /** Those under way or waiting for their turn: they give way to what a role needs. */
  private readonly backups = new Set<AbortController>();
  /** Logged and not applied yet, oldest first. */
  private readonly unapplied = new Fifo<TxnEntry>();
  private readonly writer: LogWriter;
  private readonly schedule: SnapshotSchedule;
  private readonly snapshots: SnapshotTaker;
  private readonly fatalErrors: Counter;
  private readonly refusals: ImageRefusals;
  private epochFiles: EpochFiles | null = null;
  /** While nothing is logged: the disk has everything up to here. */
  private storedZxid: number | null = null;
  private isUnloggedTold = true;
  /** Does the snapshot folder say where the logs are? */
  private hasNotedLogs = false;
  private claims: readonly FolderClaim[] = [];

  private constructor(
    private readonly host: Host,
    private readonly metrics: Metrics,
    private readonly options: DatabaseOptions,
    private readonly folders: DataFolders,
    private state: State,
    replayedCount: number,
  ) {
    this.refusals = new ImageRefusals(host.log);
    this.fatalErrors = metrics.counter('unrecoverable_error_count');
    this.schedule = new SnapshotSchedule(host.random, options, replayedCount);
    this.snapshots = new SnapshotTaker(host, metrics, folders.snapDir, options);
    this.snapshots.unsavedCount = replayedCount;
    const writerOptions = { ...options, dir: folders.logDir };
    this.writer = new LogWriter(host, metrics, writerOptions, state.tree.lastProcessedZxid, {
      durable: (zxid) => this.onDurable?.(zxid),
      failed: (error) => this.fail(error),
      beforeFile: (zxid) => this.prepareEpoch(zxid),
      afterFile: () => this.noteLogs(),
    });
  }

  /** Claims the data folders and recovers what is in them. Rejects with a StorageError. */
  static async open(host: Host, metrics: Metrics, options: DatabaseOptions): Promise<Database> {
    let claims: readonly FolderClaim[] = [];
    try {
      const folders = await openDataFolders(host.disk, options);
      claims = await claimFolders(host.disk, folders);
      await refuseUnfinishedRestore(host.disk, folders.snapDir);
      await requireLogs(host, folders, options.isLogPromised);
      await removeStaged(host.disk, folders);
      const { replayed, needsSnapshot, ...state } = await recover(host, metrics, folders, options);
      const database = new Database(host, metrics, options, folders, state, replayed);
      const lastZxid = state.tree.lastProcessedZxid;
      database.epochFiles = options.keepEpochs
        ? await EpochFiles.load(host, folders.snapDir, lastZxid, (error) => database.fail(error))
        : EpochFiles.unwritten(host, folders.snapDir, lastZxid);
      database.epochs.mayBeCurrent = () => !database.isAhead;
      if (needsSnapshot) await database.takeSnapshot();
      database.hasNotedLogs = await noteLogPlace(host.disk, folders);
      database.claims = claims;
      return database;
    } catch (error) {
      await releaseFolders(claims);
      throw asStorageError(error, 'opening the database', options.dataDir);
    }
  }

  /** Replaced by `truncate` and `SnapshotReceive.finish`: always ask the database. */
  get tree(): DataTree {
    return this.state.tree;
  }

  /** Committed global sessions and their timeouts in milliseconds. */
  get sessions(): Map<bigint, number> {
    return this.state.sessions;
  }

  get epochs(): EpochFiles {
    if (this.epochFiles === null) throw new Error('the database is not open yet');
    return this.epochFiles;
  }

  /** The newest logged transaction, durable or not; the snapshot's zxid when the log has none after it. */
  get lastLoggedZxid(): number {
    return this.writer.lastZxid;
  }

  get durableZxid(): number {
    return this.writer.durableZxid;
  }

  get lastAppliedZxid(): number {
    return this.state.tree.lastProcessedZxid;
  }

  /** Why nothing becomes durable any more; null while all is well. */
  get fatalError(): StorageError | null {
    return this.fatal;
  }

  /**
   * A received snapshot may hold parts of transactions behind its zxid. Those after `zxid` are not among them: from there on
   * a digest that differs is reported.
   */
  trustDigestAfter(zxid: number): void {
    this.state.tree.trustDigestAfter(zxid);
  }

  /** Milliseconds that the oldest append has been waiting; 0 when none waits. A hung disk shows here. */
  oldestUnsyncedMs(nowMonotonicMs: number): number {
    return this.writer.oldestUnsyncedMs(nowMonotonicMs);
  }

  /**
   * Queues a transaction for the log. All of one turn, and all that wait for the disk, share one write and one fdatasync.
   * Throws ZXID_ORDER for one that cannot follow the last, and the fatal error once there is one.
   */
  append(entry: TxnEntry): void {
    this.requireIdle('append');
    const { zxid } = entry.header;
    const last = this.writer.lastZxid;
    if (last < 0 || !follows(last, zxid)) throw outOfOrder(last, zxid);
    if (this.storedZxid !== null) {
      this.appendUnlogged(entry);
      return;
    }
    // In a file of its own, before which the epoch is noted.
    if (this.needsEpoch(zxid) && zxidEpoch(zxid) !== zxidEpoch(last)) this.writer.roll();
    const bytes = this.writer.append(entry);
    this.unapplied.push(entry);
    if (this.schedule.logged(bytes)) this.rollAndSnapshot();
  }

  /**
   * From now on nothing is logged and no snapshot is taken by itself (an observer with `syncEnabled=false`): what is
   * appended counts as durable at once, and is gone when the process ends. `currentEpoch` stays that of what the disk has.
   * An image that a leader sends, or an administrator restores, is written as ever.
   */
  async stopLogging(): Promise<void> {
    if (this.storedZxid !== null) return;
    await this.settle();
    this.requireIdle('stop logging');
    await this.changeFiles(() => Promise.resolve());
    this.storedZxid = this.lastLoggedZxid;
  }

  /** Everything is logged again, after a snapshot of what only memory has. Who has a vote must log. */
  async resumeLogging(): Promise<void> {
    if (this.storedZxid === null) return;
    await this.settle();
    if (this.isAhead) await this.changeFiles(() => this.takeSnapshot());
    this.storedZxid = null;
    await this.epochs.setCurrent(Math.max(this.epochs.current, zxidEpoch(this.lastLoggedZxid)));
  }

  /** Does memory have what the disk has not, and was not told to have? */
  private get isAhead(): boolean {
    return this.storedZxid !== null && this.lastLoggedZxid > this.storedZxid;
  }

  private appendUnlogged(entry: TxnEntry): void {
    this.writer.continueFrom(entry.header.zxid);
    this.unapplied.push(entry);
    if (!this.isUnloggedTold) return;
    this.isUnloggedTold = false;
    this.host.clock.deferFirst(() => {
      this.isUnloggedTold = true;
      if (this.fatal === null) this.onDurable?.(this.durableZxid);
    });
  }

  /** Resolves when all that was appended so far is durable. */
  flush(): Promise<void> {
    return this.writer.flush();
  }

  /** Zxid of the oldest logged transaction that is not applied; -1 when all are. */
  get nextUnappliedZxid(): number {
    return this.unapplied.first?.header.zxid ?? -1;
  }

  /** Applies the oldest logged transaction. Throws NOT_DURABLE when there is none, or when it is not durable. */
  applyNext(): Applied {
    const entry = this.unapplied.first;
    if (entry === undefined || entry.header.zxid > this.writer.durableZxid) throw notDurable(entry);
    this.unapplied.shift();
    this.snapshots.unsavedCount++;
    const result = applyEntry(this.state, entry);
    this.state.committed.push(entry);
    return { entry, result };
  }

  /** Makes memory what the log says: everything logged becomes durable and is applied. */
  async settle(): Promise<void> {
    await this.flush();
    while (this.unapplied.length > 0) this.applyNext();
  }

  /** The newest applied transactions; both zxids are 0 when there are none. */
  get committedLog(): { readonly minZxid: number; readonly maxZxid: number; readonly entries: readonly TxnEntry[] } {
    return this.state.committed;
  }

  /**
   * The applied transactions on disk, beginning with the newest at or before `afterZxid` (or with the one right after it,
   * when the log begins there). Rejects before the first one with LOG_GAP when the log does not lead from there to the
   * present, or with LOG_CORRUPT.
   */
  readLog(afterZxid: number): AsyncIterable<TxnEntry> {
    return readHistory(this.host.disk, this.folders, afterZxid, this.lastAppliedZxid);
  }

  /** The oldest transaction on disk; -1 when there is none. Gaps behind it show in `readLog`. */
  firstLoggedZxid(): Promise<number> {
    return firstTransaction(this.host.disk, this.folders);
  }

  /** Bytes of the logs from `afterZxid` on, and of the newest snapshot: what snapshotSizeFactor compares. */
  async syncSizes(afterZxid: number): Promise<SyncSizes> {
    const { disk } = this.host;
    const logs = await listLogs(disk, this.folders.logDir);
    const first = Math.max(
      0,
      logs.findLastIndex((log) => log.zxid <= afterZxid),
    );
    const logBytes = logs.slice(first).reduce((sum, log) => sum + log.sizeBytes, 0);
    const snapshots = await listSnapshots(disk, this.folders.snapDir);
    return { logBytes, snapshotBytes: snapshots[0]?.sizeBytes ?? 0 };
  }

  /**
   * Drops every transaction after `zxid`, and the snapshots beyond it, and rebuilds the tree. Rejects with
   * CANNOT_TRUNCATE, nothing changed, when the state after exactly `zxid` cannot be rebuilt.
   */
  async truncate(zxid: number): Promise<void> {
    this.requireIdle('truncate');
    this.activity = 'truncating';
    try {
      await this.writer.flush();
      await this.snapshots.cancel();
      this.giveUpBackups('the log is cut back, as the leader asks');
      await this.filesTurn.take(() => this.cutBack(zxid));
    } finally {
      this.setIdle('truncating');
    }
  }

  /** Sessions and tree as they are now, for a learner. Close it. */
  beginSnapshotSend(): SnapshotSend {
    return new SnapshotBody(this.sessions, this.tree.beginSnapshot(), this.tree.isDigestProven);
  }

  /**
   * Begins to take the leader's whole state as of `zxid`; nothing else may change until it is finished or given up. `digest`:
   * what the leader says of it, if it says anything.
   */
  receiveSnapshot(zxid: number, digest: TxnDigest | null = null): SnapshotReceive {
    this.requireIdle('receive a snapshot');
    this.activity = 'receiving';
    return new SnapshotReceive(
      this.host,
      this.folders.snapDir,
      this.options,
      zxid,
      digest,
      this.refusals,
      (received) => this.adopt(received),
      () => this.setIdle('receiving'),
    );
  }

  /** Resolves when there is a snapshot of everything that is applied now; one under way may do, if it holds all that. */
  async takeSnapshot(): Promise<void> {
    this.requireIdle('take a snapshot');
    if (this.storedZxid !== null) await this.prepareEpochOfTree();
    const older = this.snapshots.endOfOlder(this.lastAppliedZxid);
    if (older !== null) {
      await older;
      this.requireIdle('take a snapshot');
    }
    return this.snapshots.take(this.tree, this.sessions);
  }

  /**
   * For a server that is about to end, when replaying the log at its next start would take longer than reading a snapshot:
   * takes one, and gives it up after `limitMs`. Nothing depends on it.
   */
  async saveForNextStart(limitMs: number): Promise<void> {
    if (
      !this.snapshots.sparesTime(this.tree) ||
      this.activity !== 'none' ||
      this.fatal !== null ||
      this.storedZxid !== null
    )
      return;
    await this.snapshots.cancel();
    const timer = this.host.clock.after(limitMs, () => {
      this.snapshots.cancel().catch(() => undefined);
    });
    // Reported where it failed.
    await this.takeSnapshot().catch(() => undefined);
    timer.cancel();
  }

  /**
   * Reads a snapshot file that comes from outside and checks it whole, while everything goes on. Throws SNAPSHOT_CORRUPT or
   * IO.
   */
  stageRestore(bytes: AsyncIterable<Buffer>): Promise<StagedRestore> {
    return stageRestore(this.host, this.folders.snapDir, bytes, this.options);
  }

  /**
   * Makes a staged snapshot the state of this server, durably. Its zxid goes on where the log is, or where the snapshot was
   * when that is later. Everything logged has to be applied (`settle`), and nobody may use the tree: between two roles.
   * Answers the zxid.
   */
  async restore(staged: StagedRestore): Promise<number> {
    await this.settle();
    this.requireIdle('restore a snapshot');
    this.activity = 'receiving';
    const zxid = Math.max(staged.lastZxid, this.lastLoggedZxid);
    try {
      await this.snapshots.cancel();
      this.giveUpBackups('a snapshot is restored');
      await this.filesTurn.take(() =>
        this.changeFiles(async (_disk, folders) => {
          await this.prepareEpoch(zxid);
          const aside = await publishRestore(this.host, folders, this.options, staged, zxid);
          await this.promiseEpoch(zxid);
          this.host.log.warn(
            `A snapshot of ${formatZxid(staged.lastZxid)} was restored; it is the state of ${formatZxid(zxid)} now. What was ` +
              `here before is in the folder ${aside}, which nobody needs: remove it when all is well.`,
            { code: 'RESTORED', zxid: formatZxid(zxid), aside },
          );
        }),
      );
      this.replaceState(stateOf(this.host, this.metrics, { ...staged, digest: null }, this.options));
      this.snapshots.unsavedCount = 0;
      // All servers that restore the same are the same: who differs from now on has not.
      this.state.tree.trustDigestAfter(zxid);
      return zxid;
    } finally {
      this.setIdle('receiving');
    }
  }

  /** The newest snapshot on disk that is whole under its name; null when there is none. */
  async newestSnapshot(): Promise<StoredSnapshot | null> {
    const { disk } = this.host;
    const [newest] = await listSnapshots(disk, this.folders.snapDir);
    if (newest === undefined) return null;
    const { modifiedMs } = await disk.stat(newest.path);
    return { zxid: newest.zxid, path: newest.path, sizeBytes: newest.sizeBytes, modifiedMs };
  }

  /**
   * Copies what is applied now into a folder of its own inside `target`; see `takeBackup`. Nothing is purged meanwhile.
   * Rejects with BUSY when the log is to be changed, or `giveUpBackups` is called, before it is done.
   */
  async backUp(target: string, options: Pick<BackupRequest, 'serverId' | 'retainCount'>): Promise<StoredBackup> {
    const controller = new AbortController();
    this.backups.add(controller);
    const isLogged = !this.isAhead;
    try {
      if (!isLogged) await this.takeSnapshot();
      return await this.filesTurn.take(() =>
        takeBackup(this.host, this.folders, target, {
          ...options,
          upTo: this.lastAppliedZxid,
          isLogged,
          cancel: controller.signal,
        }),
      );
    } finally {
      this.backups.delete(controller);
    }
  }

  /** A copy of very much data takes minutes, for which nobody waits who has `why`. */
  giveUpBackups(why: string): void {
    for (const backup of this.backups) backup.abort(new StorageError('BUSY', `It was given up: ${why}.`));
  }

  /** Removes what the newest `retainCount` snapshots (at least 3) do not need; answers the paths. */
  async purge(retainCount: number): Promise<readonly string[]> {
    return this.filesTurn.take(() => purgeFiles(this.host, this.folders, retainCount));
  }

  /** Makes the log durable, closes it and releases the folders. A snapshot under way is given up. */
  async close(): Promise<void> {
    if (this.activity === 'closed') return;
    this.activity = 'closed';
    try {
      if (this.fatal === null) await this.writer.flush();
    } finally {
      await this.writer.closeFile();
      // Behind the log, which does not wait for the fsync of a snapshot.
      await this.snapshots.cancel();
      await releaseFolders(this.claims);
    }
  }

  private async cutBack(zxid: number): Promise<void> {
    const { state, cuts } = await this.planCut(zxid);
    await this.changeFiles(async (disk, folders) => {
      await cutLogs(disk, folders, cuts);
      await dropSnapshotsBeyond(disk, folders.snapDir, zxid);
    });
    this.replaceState(state);
    this.host.log.info(`The data was cut back to ${formatZxid(zxid)}.`, { code: 'TRUNCATED' });
  }

  private async planCut(zxid: number): Promise<Truncation> {
    const { folders, host, metrics, options } = this;
    try {
      return await planTruncation(host, metrics, folders, options, zxid);
    } catch (error) {
      // What was not logged cannot be cut back, only forgotten: the leader is asked again from where the disk is.
      if (this.isAhead) {
        await this.writer.closeFile();
        this.replaceState(await recover(host, metrics, folders, options));
      }
      throw error;
    }
  }

  /** A received snapshot takes the place of everything; after a crash at any step the old or the new state is found. */
  private async adopt({ tree, sessions, digest, file }: ReceivedSnapshot): Promise<void> {
    const { zxid } = file;
    await this.writer.flush();
    await this.snapshots.cancel();
    this.giveUpBackups("the leader's snapshot takes the place of the data");
    await this.filesTurn.take(() =>
      this.changeFiles(async (disk, folders) => {
        const { snapDir } = folders;
        await this.prepareEpoch(zxid);
        if (zxid < this.lastLoggedZxid) await cutLogsBeyond(disk, folders, zxid);
        await file.publish();
        await dropSnapshotsBeyond(disk, snapDir, zxid);
        // This server's own of the same zxid, compressed otherwise, might be preferred at the next start.
        await dropOtherSnapshots(disk, snapDir, zxid, snapshotName(zxid, this.options.snapshotCompression));
      }),
    );
    this.replaceState(stateOf(this.host, this.metrics, { tree, sessions, digest }, this.options));
    this.snapshots.unsavedCount = 0;
    this.host.log.info(`The leader's snapshot of ${formatZxid(zxid)} is in place.`, { code: 'SNAPSHOT_RECEIVED' });
  }

  /** Closes the log and changes files; half a change is the end of this process, though not of its data. */
  private async changeFiles(change: (disk: Host['disk'], folders: DataFolders) => Promise<void>): Promise<void> {
    try {
      await this.writer.closeFile();
      await change(this.host.disk, this.folders);
      this.hasNotedLogs = await noteLogPlace(this.host.disk, this.folders);
    } catch (error) {
      const failure = asStorageError(error, 'changing the log', this.folders.logDir);
      this.fail(failure);
      throw failure;
    }
  }

  private replaceState(state: State): void {
    this.state = state;
    this.unapplied.clear();
    this.writer.continueFrom(state.tree.lastProcessedZxid);
    if (this.storedZxid !== null) this.storedZxid = this.lastLoggedZxid;
    this.schedule.snapshotTaken();
  }

  private rollAndSnapshot(): void {
    this.writer.roll();
    this.host.clock.defer(() => {
      if (this.activity !== 'none' || this.snapshots.isBusy) return;
      // Reported where it failed; the next roll tries again.
      this.takeSnapshot().catch(() => undefined);
    });
  }

  private async noteLogs(): Promise<void> {
    if (!this.hasNotedLogs) this.hasNotedLogs = await noteLogPlace(this.host.disk, this.folders);
  }

  private needsEpoch(zxid: number): boolean {
    return this.options.keepEpochs && zxidEpoch(zxid) > this.epochs.current;
  }

  private prepareEpoch(zxid: number): Promise<void> {
    return this.needsEpoch(zxid) ? this.epochs.prepareCurrent(zxidEpoch(zxid)) : Promise.resolve();
  }

  /** What was not logged was not prepared for, either. */
  private async prepareEpochOfTree(): Promise<void> {
    for (let zxid = -1; zxidEpoch(zxid) !== zxidEpoch(this.lastAppliedZxid);) {
      zxid = this.lastAppliedZxid;
      await this.prepareEpoch(zxid);
    }
    this.requireIdle('take a snapshot');
  }

  /** After a jump of the zxid: no leader of an older epoch may be followed, and none be elected by this server's vote. */
  private async promiseEpoch(zxid: number): Promise<void> {
    if (!this.needsEpoch(zxid)) return;
    const epoch = zxidEpoch(zxid);
    await this.epochs.setAccepted(Math.max(this.epochs.accepted, epoch));
    await this.epochs.setCurrent(epoch);
  }

  private setIdle(after: 'truncating' | 'receiving'): void {
    if (this.activity === after) this.activity = 'none';
  }

  private requireIdle(what: string): void {
    if (this.fatal !== null) throw this.fatal;
    if (this.activity === 'none') return;
    const code = this.activity === 'closed' ? 'CLOSED' : 'BUSY';
    throw new StorageError(code, `cannot ${what}: the database is ${this.activity}`);
  }

  private fail(error: StorageError): void {
    if (this.fatal !== null) return;
    this.fatal = error;
    this.writer.fail(error);
    this.fatalErrors.add();
    this.host.log.fatal(`${error.message}. Nothing can be made durable any more; this server must end.`, {
      code: 'STORAGE_FAILED',
      file: error.file,
    });
    this.onFatal?.(error);
  }
}

function outOfOrder(last: number, zxid: number): StorageError {
  const why =
    last < 0
      ? 'an empty database that may not create itself takes a leader’s snapshot first'
      : `it cannot follow ${formatZxid(last)}`;
  return new StorageError('ZXID_ORDER', `transaction ${formatZxid(zxid)} was not logged: ${why}`);
}

function notDurable(entry: TxnEntry | undefined): StorageError {
  const what =
    entry === undefined ? 'there is no logged transaction' : `${formatZxid(entry.header.zxid)} is not durable`;
  return new StorageError('NOT_DURABLE', `nothing can be applied: ${what}`);
}
