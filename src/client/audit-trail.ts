import type { Access } from '../auth/index.js';
import type { AuditEvent, AuditLog } from '../host/index.js';
import type { WriteResult } from '../pipeline/index.js';
import {
  type Acl,
  type ChangeRequest,
  createModeOf,
  ErrorCode,
  type Id,
  OpCode,
  Perms,
  readChangeRequest,
} from '../protocol/index.js';
import type { TxnResult } from '../tree/index.js';

/** ZooKeeper's words for what is audited. */
const CREATES: ReadonlySet<number> = new Set([OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL]);
const DELETES: ReadonlySet<number> = new Set([OpCode.delete, OpCode.deleteContainer]);
const MULTI = 'multiOperation';

/** `CreateMode` in small letters, as lines of ZooKeeper's audit log name it. */
function modeName(flags: number): string | undefined {
  const mode = createModeOf(flags);
  if (mode === undefined) return undefined;
  if (mode.container) return 'container';
  const words = [mode.ephemeral ? 'ephemeral' : 'persistent', mode.sequential ? '_sequential' : ''];
  return `${words.join('')}${mode.ttl ? '_with_ttl' : ''}`;
}

const PERM_LETTERS: readonly (readonly [number, string])[] = [
  [Perms.create, 'c'],
  [Perms.delete, 'd'],
  [Perms.read, 'r'],
  [Perms.write, 'w'],
  [Perms.admin, 'a'],
];

function aclText(acl: readonly Acl[] | null): string {
  return (acl ?? [])
    .map(({ id, perms }) => {
      const letters = PERM_LETTERS.filter(([perm]) => (perms & perm) !== 0).map(([, letter]) => letter);
      return `${id.scheme}:${id.id}:${letters.join('')}`;
    })
    .join('');
}

function operationOf(type: number): string | null {
  if (CREATES.has(type)) return 'create';
  if (DELETES.has(type)) return 'delete';
  switch (type) {
    case OpCode.setData:
      return 'setData';
    case OpCode.setACL:
      return 'setAcl';
    case OpCode.multi:
      return MULTI;
    case OpCode.reconfig:
      return 'reconfig';
    default:
      return null;
  }
}

/** Whose request it was. */
export interface AuditSubject {
  readonly session: string;
  readonly ip: string;
  readonly auth: readonly Id[];
}

/** Writes what clients of this server changed, or tried to, into the audit log: the operations of ZooKeeper's `AuditHelper`. */
export class AuditTrail {
  constructor(
    private readonly log: AuditLog,
    private readonly access: Access,
  ) {}

  /** A request of this server's client was decided. `body`: its record without the header. */
  decided(subject: AuditSubject, type: number, body: Buffer, { err, result }: WriteResult): void {
    const operation = operationOf(type);
    if (operation === null) return;
    const request = parse(body, type);
    if (type === OpCode.multi) {
      this.multi(subject, request, result);
      return;
    }
    const failed = err !== ErrorCode.ok;
    const path = failed ? pathOf(request) : (result?.path ?? pathOf(request));
    this.write(subject, {
      operation,
      ...(path === undefined ? {} : { znode: path }),
      ...typeOf(request),
      ...(request?.type === OpCode.setACL ? { acl: aclText(request.acl) } : {}),
      result: failed ? 'failure' : 'success',
    });
  }

  /** Its parts, when they all succeeded; else itself. */
  private multi(subject: AuditSubject, request: ChangeRequest | null, result: TxnResult | null): void {
    const parts = result?.multi ?? null;
    if (parts === null || parts.some((part) => part.type === OpCode.error)) {
      this.write(subject, { operation: MULTI, result: 'failure' });
      return;
    }
    const types = new Map<string, { readonly znodeType?: string }>();
    if (request?.type === OpCode.multi) {
      for (const op of request.ops) if ('flags' in op) types.set(op.path ?? '', typeOf(op));
    }
    for (const part of parts) {
      const operation = operationOf(part.type);
      if (operation === null || part.path === null) continue;
      // A sequential node's name is not the one that was asked for: ZooKeeper finds no type for it either.
      const type = CREATES.has(part.type) ? types.get(part.path) : undefined;
      this.write(subject, { operation, znode: part.path, ...type, result: 'success' });
    }
  }

  private write({ session, ip, auth }: AuditSubject, event: AuditEvent): void {
    const names = this.access.describe(auth).map(({ user }) => user);
    const user = names.filter((name) => name.trim() !== '').join(',');
    this.log.record({ session, ...(user === '' ? {} : { user }), ip, ...event });
  }
}

/** Null: it is no request at all, which is why it failed. */
function parse(body: Buffer, type: number): ChangeRequest | null {
  try {
    return readChangeRequest(body, type);
  } catch {
    return null;
  }
}

function pathOf(request: ChangeRequest | null): string | undefined {
  // What a reconfiguration changes is told only when it was changed.
  return request === null || !('path' in request) ? undefined : (request.path ?? undefined);
}

function typeOf(request: ChangeRequest | null): { readonly znodeType?: string } {
  const name = request !== null && 'flags' in request ? modeName(request.flags) : undefined;
  return name === undefined ? {} : { znodeType: name };
}
