import { javaTrim, parseProperties } from './properties.js';

export interface RewriteOptions {
  /** Absolute path of the file that has the server list from now on. */
  readonly dynamicFile: string;
  /** Does the server list say where clients are served, so that clientPort must not say it a second time? */
  readonly dropsClientPort: boolean;
}

const CLIENT_KEYS: ReadonlySet<string> = new Set(['clientPort', 'clientPortAddress']);

/** Keys that ZooKeeper takes out of zoo.cfg when the server list gets a file of its own. */
function leaves(key: string, { dropsClientPort }: RewriteOptions): boolean {
  const isOfList = key.startsWith('server.') || key.startsWith('group') || key.startsWith('weight');
  return isOfList || key === 'dynamicConfigFile' || key === 'peerType' || (dropsClientPort && CLIENT_KEYS.has(key));
}

/** Entries with the lines that they are continued on; what stands between them by itself. */
function pieces(text: string): string[] {
  const result: string[] = [];
  let open: string | null = null;
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const bare = line.replace(/\r?\n$/, '');
    const isComment = open === null && /^[ \t\f]*([#!]|$)/.test(bare);
    const continues = !isComment && (/\\*$/.exec(bare)?.[0].length ?? 0) % 2 === 1;
    open = (open ?? '') + line;
    if (continues) continue;
    result.push(open);
    open = null;
  }
  if (open !== null) result.push(open);
  return result;
}

/**
 * zoo.cfg without the server list, and with a line that says which file has it. Unlike ZooKeeper, which writes the file anew
 * from its entries, this keeps order and comments.
 */
export function rewriteConfig(bytes: Buffer, options: RewriteOptions): Buffer {
  const kept = pieces(bytes.toString('latin1')).filter((piece) => {
    const [entry] = parseProperties(Buffer.from(piece, 'latin1')).entries;
    return entry === undefined || !leaves(javaTrim(entry.key), options);
  });
  const text = kept.join('');
  const end = text === '' || text.endsWith('\n') ? '' : '\n';
  const path = Buffer.from(options.dynamicFile.replace(/\\/g, '\\\\'), 'utf8').toString('latin1');
  return Buffer.from(`${text}${end}dynamicConfigFile=${path}\n`, 'latin1');
}
