import type { HistoryLine } from '../history.js';

interface Shown {
  readonly version: number;
  readonly data: string | null | undefined;
}

/**
 * Sequential consistency of all replies, as far as a history alone tells: a session's zxids never go back, nor does what
 * it is shown of a node, and one transaction leaves a node in one state, whoever looks. Returns what is wrong.
 */
export function checkSequential(history: readonly HistoryLine[]): string[] {
  const faults: string[] = [];
  const lastZxid = new Map<string, number>();
  const lastShown = new Map<string, number>();
  const states = new Map<string, Shown>();
  // Replies of one session are in the order in which it got them.
  for (const line of history) {
    if (line.returnedMs === null || !('path' in line.op)) continue;
    const { op, session, zxid } = line;
    const before = lastZxid.get(session) ?? 0;
    if (zxid < before) faults.push(`${session} saw zxid ${before.toString(16)} and then ${zxid.toString(16)}`);
    lastZxid.set(session, Math.max(before, zxid));
    const { data, mzxid, version } = line.result;
    if (mzxid === undefined || version === undefined) continue;
    if (mzxid > zxid) faults.push(`${session} saw ${op.path} of ${mzxid.toString(16)} at ${zxid.toString(16)}`);
    const key = `${session} ${op.path}`;
    const older = lastShown.get(key) ?? 0;
    if (mzxid < older)
      faults.push(`${session} saw ${op.path} of ${older.toString(16)} and then of ${mzxid.toString(16)}`);
    lastShown.set(key, Math.max(older, mzxid));
    if (op.kind !== 'get') continue;
    const stateKey = `${op.path} ${mzxid}`;
    const state = states.get(stateKey);
    if (state === undefined) states.set(stateKey, { version, data });
    else if (state.version !== version || state.data !== data) {
      faults.push(
        `${op.path} of ${mzxid.toString(16)} was shown as ${JSON.stringify(state)} and as ${JSON.stringify({ version, data })}`,
      );
    }
  }
  return faults;
}
