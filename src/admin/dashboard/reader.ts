import type { HttpRequest } from '../../host/index.js';
import { type Acl, type Id, Perms } from '../../protocol/index.js';
import { proofOf } from '../authorize.js';
import type { AdminTarget } from '../needs.js';
import { Refusal } from './refusal.js';

/**
 * Who asks for nodes, and what of them that one may see. Without an Authorization header it is nobody, who sees what
 * `world:anyone` may read.
 */
export class Reader {
  private constructor(
    private readonly target: AdminTarget,
    private readonly ids: readonly Id[],
  ) {}

  /** Header: `Authorization: digest user:password`, `ip` or `x509`. Throws a `Refusal` when it proves nothing. */
  static of(target: AdminTarget, request: HttpRequest): Reader {
    const ids = idsOf(target, request);
    if (!target.access.isAdmitted(ids)) {
      const schemes = target.access.enforcedSchemes.join(', ');
      throw new Refusal(401, `Nodes are shown only to those who authenticate by ${schemes}.`);
    }
    return new Reader(target, ids);
  }

  mayRead(acl: readonly Acl[], path: string): boolean {
    return this.target.access.allows(acl, Perms.read, this.ids, path);
  }

  mayAdminister(acl: readonly Acl[], path: string): boolean {
    return this.target.access.allows(acl, Perms.admin, this.ids, path);
  }

  /** Throws unless the node with that list may be read. */
  mustRead(acl: readonly Acl[], path: string): void {
    if (this.mayRead(acl, path)) return;
    if (this.ids.length === 0) throw new Refusal(401, `Not everybody may read ${path}: authenticate.`);
    throw new Refusal(403, `Whoever you are authenticated as may not read ${path}.`);
  }
}

function idsOf(target: AdminTarget, request: HttpRequest): readonly Id[] {
  const text = request.header('authorization');
  if (text === undefined) return [];
  const { scheme, ids } = proofOf(target, text, request);
  if (ids.length > 0) return ids;
  throw new Refusal(401, `The Authorization header proves nobody by the scheme "${scheme}".`);
}
