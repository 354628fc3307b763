import type { Disk } from '../host/index.js';
import type { TxnEntry } from '../protocol/index.js';
import { formatZxid, OpCode, readTxnEntry } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import type { CommittedLog } from './committed-log.js';
import { StorageError } from './errors.js';
import { LogReader } from './log-reader.js';
import type { LogEnd } from './log-reader.js';
import type { LogRecord } from './log-record.js';
import type { StoredFile } from './names.js';
import { MissingLogs } from './missing-logs.js';
import { logsAfter } from './names.js';
import { Continuity } from './zxid-order.js';

/** Memory as it stands after some transaction. */
export interface State {
  readonly tree: DataTree;
  readonly sessions: Map<bigint, number>;
  readonly committed: CommittedLog;
}

export interface ReplayRange {
  readonly logDir: string;
  readonly logs: readonly StoredFile[];
  /** Zxids of the snapshots that the logs must lead to. */
  readonly snapshotZxids: readonly number[];
  /** The first transaction beyond this one ends the replay. */
  readonly upTo: number;
  /** Accept whatever transaction comes first (`snapshot.trust.empty`). */
  readonly fromAnywhere: boolean;
}

export interface ReplayResult {
  readonly count: number;
  readonly lastZxid: number;
  readonly ends: readonly LogEnd[];
  /** Where the first transaction beyond `upTo` begins; null when there is none. */
  readonly cut: { readonly file: StoredFile; readonly offset: number } | null;
}

/** Applies to a loaded tree what the logs hold after its zxid. Throws LOG_*. */
export async function replay(disk: Disk, state: State, range: ReplayRange): Promise<ReplayResult> {
  const from = state.tree.lastProcessedZxid;
  const reader = new LogReader(disk, range.fromAnywhere ? range.logs : logsAfter(range.logs, from));
  let continuity = range.fromAnywhere ? null : new Continuity(from, range.snapshotZxids);
  const missing = new MissingLogs(state.tree, range.fromAnywhere);
  let count = 0;
  try {
    for (let batch = await reader.nextBatch(); batch !== null; batch = await reader.nextBatch()) {
      const { file } = batch;
      for (const record of batch.records) {
        continuity ??= new Continuity(record.zxid - 1, []);
        if (!continuity.take(record.zxid, file.path, record.offset)) {
          missing.passed(file);
          continue;
        }
        if (record.zxid > range.upTo) {
          missing.finish();
          const cut = { file, offset: record.offset };
          return { count, lastZxid: state.tree.lastProcessedZxid, ends: reader.ends, cut };
        }
        const entry = decodeEntry(record, file.path);
        missing.before(file, record.zxid);
        applyEntry(state, entry);
        missing.after(entry);
        state.committed.push(entry);
        count++;
      }
    }
  } finally {
    await reader.close();
  }
  missing.finish();
  if (range.upTo === Number.POSITIVE_INFINITY) continuity?.finish(range.logDir);
  return { count, lastZxid: state.tree.lastProcessedZxid, ends: reader.ends, cut: null };
}

/** Applies one transaction to tree and sessions. */
export function applyEntry(state: Pick<State, 'tree' | 'sessions'>, entry: TxnEntry): ReturnType<DataTree['apply']> {
  const { header, txn } = entry;
  if (txn.type === OpCode.createSession) state.sessions.set(header.clientId, txn.timeoutMs);
  else if (txn.type === OpCode.closeSession) state.sessions.delete(header.clientId);
  return state.tree.apply(header, txn, entry.digest);
}

/** Throws LOG_UNREADABLE for an intact record that says nothing we know. */
export function decodeEntry(record: LogRecord, path: string): TxnEntry {
  try {
    return readTxnEntry(record.bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StorageError(
      'LOG_UNREADABLE',
      `Transaction ${formatZxid(record.zxid)} in ${path} at offset ${record.offset} is intact but cannot be read: ${why}. ` +
        `A newer or modified ZooKeeper may have written it; start that one, or this server with an empty data directory.`,
      path,
      record.offset,
      { cause: error },
    );
  }
}
