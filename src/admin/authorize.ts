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
  const { ids } = proofOf(target, header, request);
  if (ids.length === 0) return failure(401, 'Not authenticated');
  const acl = tree.acl(tree.find(ROOT));
  const mayAll = ALL_PERMISSIONS.every((perm) => target.access.allows(acl, perm, ids, ROOT));
  return mayAll ? null : failure(403, 'Not authorized');
}

/** Who an Authorization header says somebody is. */
export interface HeaderProof {
  /** `digest` */
  readonly scheme: string;
  /** Empty: it proves nothing. */
  readonly ids: readonly Id[];
}

/**
 * The ids that `Authorization: <scheme> <credentials>` proves. The bytes of a header come as characters up to 255. Apache
 * ZooKeeper makes UTF-8 of those characters, so that a password in it must have come in ISO 8859-1; most clients (curl on
 * today's terminals, the dashboard) send UTF-8, whose bytes are taken as they came. Both readings count.
 */
export function proofOf(
  { access }: AdminTarget,
  header: string,
  { remoteHost, certificates }: HttpRequest,
): HeaderProof {
  const [, scheme = '', credentials = ''] = /^([^ ]+)(?: (.*))?$/s.exec(header) ?? [];
  const readings = [Buffer.from(credentials, 'latin1')];
  const asJava = Buffer.from(credentials, 'utf8');
  if (!asJava.equals(readings[0] as Buffer)) readings.push(asJava);
  const ids = readings.flatMap((auth) => {
    const outcome = access.authenticate({ scheme, auth }, { remoteHost, certificates });
    return outcome.kind === 'accepted' ? outcome.ids : [];
  });
  return { scheme, ids };
}
