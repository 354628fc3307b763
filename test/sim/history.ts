/**
 * Histories of client operations, one JSON object a line, the same from simulated and from real processes.
 *
 *     {"client":"c1","session":"0x1...","op":{"kind":"create","path":"/a","data":"x"},"invokedMs":1.5,"returnedMs":9.2,
 *      "zxid":4294967299,"err":0,"result":{"path":"/a"}}
 *
 * `returnedMs` null: the connection was lost before the answer; the operation may have had its effect or not, at any later
 * time. Times are milliseconds of one clock that all clients share. `zxid` is that of the reply's header.
 */
export interface HistoryLine {
  readonly client: string;
  /** Hexadecimal, as logs print it. */
  readonly session: string;
  readonly op: HistoryOp;
  readonly invokedMs: number;
  readonly returnedMs: number | null;
  readonly zxid: number;
  /** ZooKeeper's error code, 0 for success. */
  readonly err: number;
  readonly result: HistoryResult;
}

/** `data` is text. `isSynced`: a sync of the same path was sent right before, and `invokedMs` is when. */
export type HistoryOp =
  | CreateOp
  | { readonly kind: 'delete'; readonly path: string; readonly version: number }
  | { readonly kind: 'set'; readonly path: string; readonly data: string; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | { readonly kind: 'multi'; readonly parts: readonly HistoryOp[] }
  | { readonly kind: 'get' | 'exists' | 'children'; readonly path: string; readonly isSynced: boolean }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'closeSession' };

export interface CreateOp {
  readonly kind: 'create';
  readonly path: string;
  readonly data: string;
  readonly sequential: boolean;
  readonly ephemeral: boolean;
  /** Absent: plain. Servers remove these by themselves. */
  readonly lasts?: 'container' | 'ttl';
}

export interface HistoryResult {
  /** Of a create. */
  readonly path?: string;
  readonly data?: string | null;
  readonly version?: number;
  readonly mzxid?: number;
  readonly czxid?: number;
  readonly children?: readonly string[];
  /** Of the parts of a multi. */
  readonly parts?: readonly { readonly err: number; readonly path?: string; readonly version?: number }[];
}

export function formatHistory(lines: readonly HistoryLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Throws with the number of the line that is no history line. */
export function parseHistory(text: string): HistoryLine[] {
  const lines: HistoryLine[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      lines.push(asHistoryLine(JSON.parse(line)));
    } catch (error) {
      throw new Error(`line ${at + 1} of the history: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }
  return lines;
}

function asHistoryLine(value: unknown): HistoryLine {
  if (typeof value !== 'object' || value === null) throw new Error('no object');
  const line = value as Partial<HistoryLine>;
  if (typeof line.client !== 'string') throw new Error('client is missing');
  if (typeof line.session !== 'string') throw new Error('session is missing');
  if (typeof line.op !== 'object') throw new Error('op is missing');
  if (typeof line.invokedMs !== 'number') throw new Error('invokedMs is missing');
  if (line.returnedMs !== null && typeof line.returnedMs !== 'number') throw new Error('returnedMs is missing');
  if (typeof line.err !== 'number') throw new Error('err is missing');
  return { zxid: 0, result: {}, ...line } as HistoryLine;
}
