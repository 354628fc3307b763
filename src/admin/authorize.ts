import type { HttpRequest } from '../host/index.js';
import { type Id, Perms } from '../protocol/index.js';
import { type Answer, failure } from './command.js';
import type { AdminTarget } from './needs.js';
import type { DataTree } from '../tree/index.js';

/** Each must be allowed by itself. */
const ALL_PERMISSIONS = [Perms.read, Perms.write, Perms.create, Perms.delete, Perms.admin];
const ROOT = '/';

/**
 * May the sender of a request do everything with the root node? The header says `Authorization: digest user:password`,
 * `ip`, or `x509`. Null: it may.
 */
export function refusalOf(target: AdminTarget, tree: DataTree, request: HttpRequest): Answer | null {
  const header = request.header('authorization');
  if (header === undefined) return failure(401, 'Auth info is missing for the command');
  const ids = idsOf(target, header, request);
  if (ids === null) return failure(401, 'Not authenticated');
  const acl = tree.acl(tree.find(ROOT));
  const mayAll = ALL_PERMISSIONS.every((perm) => target.access.allows(acl, perm, ids, ROOT));
  return mayAll ? null : failure(403, 'Not authorized');
}

function idsOf(
  { access }: AdminTarget,
  header: string,
  { remoteHost, certificates }: HttpRequest,
): readonly Id[] | null {
  const words = header.split(' ');
  const [scheme = '', credentials = ''] = words;
  if (words.length > 2) return null;
  const auth = Buffer.from(credentials, 'utf8');
  const outcome = access.authenticate({ scheme, auth }, { remoteHost, certificates });
  return outcome.kind === 'accepted' && outcome.ids.length > 0 ? outcome.ids : null;
}
