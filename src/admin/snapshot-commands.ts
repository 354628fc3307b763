import type { Disk } from '../host/index.js';
import { formatZxid, zxidHex } from '../protocol/index.js';
import { type Answer, type Command, failure, guarded, guardedAlways, NOTHING, serving } from './command.js';
import { fields } from './json.js';
import type { AdminTarget } from './needs.js';

const CHUNK_BYTES = 256 * 1024;

/** Lets one call through in so long. */
class RateLimiter {
  private nextMs = Number.NEGATIVE_INFINITY;

  allows(nowMs: number, intervalMs: number): boolean {
    if (nowMs < this.nextMs) return false;
    this.nextMs = nowMs + intervalMs;
    return true;
  }
}

async function* contentOf(disk: Disk, path: string): AsyncGenerator<Buffer> {
  const file = await disk.openRead(path);
  try {
    for (let position = 0; position < file.sizeBytes;) {
      const chunk = await file.read(position, CHUNK_BYTES);
      if (chunk.length === 0) throw new Error(`${path} became shorter`);
      position += chunk.length;
      yield chunk;
    }
  } finally {
    await file.close();
  }
}

/** Takes a snapshot and answers what it is: its bytes with `?streaming=true` (or nothing), else only the headers. */
async function takeSnapshot(target: AdminTarget, isStreamed: boolean): Promise<Answer> {
  const database = target.database();
  await database?.takeSnapshot();
  const snapshot = (await database?.newestSnapshot()) ?? null;
  if (snapshot === null) return failure(500, 'There is no snapshot: this server has no state yet.');
  return {
    fields: NOTHING,
    headers: { last_zxid: formatZxid(snapshot.zxid), snapshot_size: String(snapshot.sizeBytes) },
    ...(isStreamed ? { stream: contentOf(target.disk, snapshot.path) } : {}),
  };
}

/** The commands that give snapshots away and take them; each server has limiters of its own. */
export function snapshotCommands(): readonly Command[] {
  const limiter = new RateLimiter();
  const restores = new RateLimiter();
  return [
    serving(['last_snapshot', 'lsnp'], async (target) => {
      const snapshot = (await target.database()?.newestSnapshot()) ?? null;
      return fields({
        zxid: zxidHex(snapshot?.zxid ?? -1),
        timestamp: snapshot === null ? -1 : Math.floor(snapshot.modifiedMs / 1000),
      });
    }),
    guarded(['snapshot', 'snap'], 'GET', async (target, _pipeline, { query }) => {
      const { allowsSnapshot, sealsZxid, rateLimiterIntervalMs } = target.options;
      const { metrics } = target.commands;
      if (!allowsSnapshot) return failure(503, 'Snapshots are switched off by admin.snapshot.enabled.');
      if (!sealsZxid) return failure(500, 'Snapshots need serializeLastProcessedZxid.enabled=true.');
      if (!limiter.allows(target.clock.monotonicMs(), rateLimiterIntervalMs)) {
        metrics.counter('snapshot_rate_limited_count').add();
        return failure(429, `One snapshot in ${rateLimiterIntervalMs} ms is given (admin.rateLimiterIntervalInMS).`);
      }
      try {
        return await takeSnapshot(target, (query.get('streaming') ?? 'true').toLowerCase() === 'true');
      } catch (error) {
        target.log.warn('A snapshot for an administrator could not be taken.', {
          code: 'ADMIN_SNAPSHOT_FAILED',
          error,
        });
        return failure(
          500,
          `The snapshot could not be taken: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }),
    guardedAlways(['restore', 'rest'], 'POST', async (target, _pipeline, { body }) => {
      const { allowsRestore, sealsZxid, rateLimiterIntervalMs } = target.options;
      const { metrics } = target.commands;
      if (!allowsRestore) return failure(503, 'Restores are switched off by admin.restore.enabled.');
      if (!sealsZxid) return failure(500, 'Restores need serializeLastProcessedZxid.enabled=true.');
      if (!restores.allows(target.clock.monotonicMs(), rateLimiterIntervalMs)) {
        metrics.counter('restore_rate_limited_count').add();
        return failure(429, `One restore in ${rateLimiterIntervalMs} ms is made (admin.rateLimiterIntervalInMS).`);
      }
      try {
        return { fields: fields({ last_zxid: await target.restore(body) }) };
      } catch (error) {
        metrics.counter('restore_error_count').add();
        const text = `The snapshot that was sent could not be restored, and nothing was changed: ${String(error)}`;
        target.log.warn(text, { code: 'ADMIN_RESTORE_FAILED' });
        return failure(500, text);
      }
    }),
  ];
}
