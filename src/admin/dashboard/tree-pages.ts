import type { HttpRequest } from '../../host/index.js';
import { type Acl, formatSessionId, formatZxid, Perms } from '../../protocol/index.js';
import type { AclView, ChildrenPage, ChildView, NodeData, NodeView } from '../../status/index.js';
import { type DataTree, NO_NODE, type NodeRef } from '../../tree/index.js';
import type { AdminTarget } from '../needs.js';
import { ChildPages } from './children.js';
import { nodePathOf, numberOf, searchOf } from './parameters.js';
import { Reader } from './reader.js';
import { Refusal } from './refusal.js';

const DATA_BYTES = 64 * 1024;
const MAX_DATA_BYTES = 1024 * 1024;
const LETTERS: readonly (readonly [perm: number, letter: string])[] = [
  [Perms.create, 'c'],
  [Perms.delete, 'd'],
  [Perms.read, 'r'],
  [Perms.write, 'w'],
  [Perms.admin, 'a'],
];

/** Nodes, for those who may read them. */
export class TreePages {
  private readonly pages: ChildPages;

  constructor(private readonly target: AdminTarget) {
    this.pages = new ChildPages(target.clock, () => target.pipeline()?.tree ?? null);
  }

  node(request: HttpRequest): NodeView {
    const path = nodePathOf(request);
    const offset = numberOf(request, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER, whenAbsent: 0 });
    const bytes = numberOf(request, 'bytes', { min: 0, max: MAX_DATA_BYTES, whenAbsent: DATA_BYTES });
    const { reader, tree, ref } = this.readable(path, request);
    const acl = tree.acl(ref);
    const stat = tree.stat(ref);
    const kind = tree.ownerKind(ref);
    return {
      path,
      kind,
      owner: kind === 'ephemeral' ? formatSessionId(stat.ephemeralOwner) : null,
      ttlMs: tree.ttlMs(ref),
      children: tree.childCount(ref),
      descendants: tree.allDescendantsCount(path),
      czxid: formatZxid(stat.czxid),
      mzxid: formatZxid(stat.mzxid),
      pzxid: formatZxid(stat.pzxid),
      ctimeWallMs: stat.ctime,
      mtimeWallMs: stat.mtime,
      version: stat.version,
      cversion: stat.cversion,
      aversion: stat.aversion,
      acl: acl.map((entry) => aclView(entry, reader.mayAdminister(acl, path))),
      data: dataOf(tree.data(ref), offset, bytes),
    };
  }

  async children(request: HttpRequest): Promise<ChildrenPage> {
    const path = nodePathOf(request);
    const after = searchOf(request, 'after');
    const contains = searchOf(request, 'search');
    const limit = numberOf(request, 'limit', { min: 1, max: 1000, whenAbsent: 100 });
    this.readable(path, request);
    const { names, hasMore } = await this.pages.search({ path, after, contains, limit });
    // Time has passed, and permissions may have changed.
    const { reader, tree, ref } = this.readable(path, request);
    const children = names.flatMap((name) => childView(tree, reader, path, name) ?? []);
    return { path, total: tree.childCount(ref), children, next: hasMore ? (names.at(-1) ?? null) : null };
  }

  private readable(path: string, request: HttpRequest): { reader: Reader; tree: DataTree; ref: NodeRef } {
    const reader = Reader.of(this.target, request);
    const tree = this.target.pipeline()?.tree;
    if (tree === undefined) throw new Refusal(503, 'This server does not serve now, so it shows no nodes.');
    const ref = tree.find(path);
    if (ref === NO_NODE) throw new Refusal(404, `There is no node ${path}.`);
    reader.mustRead(tree.acl(ref), path);
    return { reader, tree, ref };
  }
}

/** Null: it is gone. */
function childView(tree: DataTree, reader: Reader, parent: string, name: string): ChildView | null {
  const path = parent === '/' ? `/${name}` : `${parent}/${name}`;
  const ref = tree.find(path);
  if (ref === NO_NODE) return null;
  const isReadable = reader.mayRead(tree.acl(ref), path);
  if (!isReadable) return { name, isReadable, children: 0, dataBytes: 0, isEphemeral: false };
  const isEphemeral = tree.ownerKind(ref) === 'ephemeral';
  return { name, isReadable, children: tree.childCount(ref), dataBytes: tree.dataLength(ref), isEphemeral };
}

/** Who may not administer the node does not see digests of passwords, as with getACL. */
function aclView({ perms, id: { scheme, id } }: Acl, isAdministrator: boolean): AclView {
  const letters = LETTERS.filter(([perm]) => (perms & perm) !== 0).map(([, letter]) => letter);
  const shown = scheme === 'digest' && !isAdministrator ? id.replace(/:.*/, ':x') : id;
  return { perms: letters.join(''), scheme, id: shown };
}

function dataOf(data: Buffer | null, offset: number, bytes: number): NodeData {
  const totalBytes = data?.length ?? 0;
  const base64 = data?.subarray(offset, offset + bytes).toString('base64') ?? '';
  return { isNull: data === null, totalBytes, offset, base64 };
}
