import type { ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import type { Database } from '../storage/index.js';
import type { DataTree } from '../tree/index.js';
import { BackupSchedule } from './backup-schedule.js';
import { Intermission } from './intermission.js';
import { PauseMonitor } from './pause-monitor.js';
import { PurgeSchedule } from './purge-schedule.js';
import { SpaceWatch } from './space-watch.js';

/** The ways to end a role, so that `betweenRoles` is called soon. */
interface RoleEnding {
  end(why: string): void;
  /** A leader lets another server take over first. */
  yield(why: string): void;
}

/** What a server does beside its role, and for which the role may have to end: care for its disk, its data and itself. */
export class Upkeep {
  private readonly intermission: Intermission;
  private readonly space: SpaceWatch;
  private readonly pauses: PauseMonitor;
  private purge: PurgeSchedule | null = null;
  private backups: BackupSchedule | null = null;
  private isRestoring = false;

  constructor(
    private readonly host: Host,
    private readonly config: ServerConfig,
    private readonly metrics: Metrics,
    role: RoleEnding,
  ) {
    const { clock, disk, log } = host;
    const { dataDir, dataLogDir, spaceWarnBytes, spaceStopBytes } = config.storage;
    const folders = [...new Set([dataLogDir, dataDir])];
    const options = { folders, warnBytes: spaceWarnBytes, stopBytes: spaceStopBytes };
    this.space = new SpaceWatch(clock, disk, log, options, (why) => {
      role.yield(why);
    });
    const endRole = (why: string): void => {
      role.end(why);
    };
    this.intermission = new Intermission(endRole, () => this.space.room());
    this.pauses = new PauseMonitor(clock, log, metrics, config.pauses);
  }

  /** The disk is so full that this server must neither vote nor serve. */
  get isPaused(): boolean {
    return this.space.isLow;
  }

  /** How long a stop in good order may write a last snapshot; 0: not at all. */
  get lastSnapshotLimitMs(): number {
    return this.isPaused ? 0 : this.config.values.snapshotOnStopInMs;
  }

  /** Has the role to end (or not to begin) for something that was asked? */
  get needsPause(): boolean {
    return this.space.isLow || this.intermission.isWanted;
  }

  /** The database is open, and no role has begun. */
  async start(database: Database): Promise<void> {
    const { config, host, metrics } = this;
    this.pauses.start();
    await this.space.start();
    this.purge = new PurgeSchedule(host.clock, host.log, database, config.purge);
    this.purge.start();
    this.backups = new BackupSchedule(host, metrics, database, { ...config.backup, serverId: config.myId });
    this.backups.start();
  }

  /** No role: does what has to be done without one, and waits until there may be one. Everything logged is applied. */
  betweenRoles(database: Database): Promise<void> {
    return this.intermission.run(database);
  }

  /** The roles are to end for good: nobody waits here any more. */
  release(): void {
    this.intermission.stop();
    this.space.stop();
  }

  async stop(): Promise<void> {
    this.release();
    this.pauses.stop();
    await this.purge?.stop();
    await this.backups?.stop();
  }

  /**
   * Makes a snapshot file from outside the state of this server (see `Database.restore`). `adjust`: what of the tree is this
   * ensemble's own. Answers the zxid that the file says.
   */
  async restore(
    database: Database | null,
    bytes: AsyncIterable<Buffer>,
    adjust: (tree: DataTree) => void,
  ): Promise<number> {
    if (database === null) throw new Error('this server has not read its data yet');
    if (this.isRestoring) throw new Error('a snapshot is being restored already');
    if (this.space.isLow) throw new Error('the disk is nearly full');
    const { clock } = this.host;
    const startMs = clock.monotonicMs();
    this.isRestoring = true;
    try {
      const staged = await database.stageRestore(bytes);
      adjust(staged.tree);
      await this.intermission.ask('an administrator restores a snapshot', (store) => store.restore(staged));
      this.metrics.summary('restore_time').record(clock.monotonicMs() - startMs);
      return staged.lastZxid;
    } finally {
      this.isRestoring = false;
    }
  }
}
