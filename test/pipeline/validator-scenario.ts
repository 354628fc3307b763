import assert from 'node:assert/strict';
import { Access, AuthProviders, digestId, ipId } from '../../src/auth/index.js';
import { encodeToBuffer } from '../../src/jute/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { defaultPipelineOptions, type PipelineOptions } from '../../src/pipeline/index.js';
import { SessionTracker } from '../../src/pipeline/session-tracker.js';
import { Validator } from '../../src/pipeline/validator.js';
import {
  type ChangeRequest,
  ErrorCode,
  type Id,
  type MultiOp,
  OPEN_ACL_UNSAFE,
  OpCode,
  opName,
  type Txn,
  type TxnEntry,
  writeChangeRequest,
} from '../../src/protocol/index.js';
import { DataTree } from '../../src/tree/index.js';
import { FakeClock, MemoryLogger } from '../fakes/index.js';
import { aclText, entryText, parseAcl, parseId, statText } from './texts.js';

const MODES = new Map([
  ['persistent', 0],
  ['ephemeral', 1],
  ['sequential', 2],
  ['ephemeral-sequential', 3],
  ['container', 4],
  ['ttl', 5],
  ['ttl-sequential', 6],
]);

/**
 * One validator over one tree, driven by lines of text. Requests are validated at once; `apply` applies what is pending and
 * asserts that the tree's digest is the predicted one.
 *
 *     options enforceQuota extendedTypes      settings to switch on, or with a number as their value (first line)
 *     session NAME [OWNER]                    a session and who owns it: local (the default) or a server id
 *     auth NAME SCHEME:ID                     the session's client is this one, too
 *     given PATH FIELD=N                      sets version, aversion or cversion by a transaction
 *     NAME: REQUEST                           prints the transaction
 *     NAME@OWNER: REQUEST                     the same, from another server
 *     apply [COUNT] | stat PATH | tree | pending | moved NAME OWNER
 */
export class ValidatorScenario {
  private readonly metrics = new Metrics();
  private readonly clock = new FakeClock();
  private readonly log = new MemoryLogger('validator', this.clock);
  private options: PipelineOptions = defaultPipelineOptions(2000);
  private skipAcl = false;
  private readonly sessions = new Map<string, { id: bigint; owner: number | 'local'; auth: Id[] }>();
  private tree = new DataTree({ digestEnabled: true, extendedTypes: false });
  private tracker = this.makeTracker();
  private validator = this.makeValidator();
  private proposed: TxnEntry[] = [];
  private zxid = 0;

  private makeTracker(): SessionTracker {
    const { clock, log, metrics } = this;
    return new SessionTracker({
      clock,
      log,
      metrics,
      tickTimeMs: 2000,
      unknownSession: ErrorCode.sessionExpired,
      expire: () => undefined,
    });
  }

  private makeValidator(): Validator {
    const { clock, log, metrics, options, skipAcl } = this;
    this.tree = new DataTree(options);
    this.tree.onDigestMismatch = (zxid) =>
      assert.fail(`the digest behind 0x${zxid.toString(16)} is not the predicted one`);
    return new Validator({
      clock,
      log,
      metrics,
      store: { tree: this.tree },
      sessions: this.tracker,
      access: new Access(AuthProviders.standard(), { skipAcl }),
      reconfig: null,
      options,
    });
  }

  /** Bytes of the newest transaction that is not applied. */
  get lastBytes(): number {
    return this.proposed.at(-1)?.bytes.length ?? 0;
  }

  /** What the log tells of. */
  get warnings(): readonly string[] {
    return this.log.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }

  /** Runs a line and says what it prints. */
  run(line: string): string {
    const request = /^(\w+)(?:@(\w+))?: (.*)$/.exec(line);
    if (request !== null) return this.request(request[1] ?? '', request[2], request[3] ?? '');
    const [command, ...words] = splitWords(line);
    switch (command) {
      case 'options':
        return this.setOptions(words);
      case 'session':
        return this.addSession(words[0] ?? '', ownerOf(words[1] ?? 'local'));
      case 'auth':
        return this.addAuth(words[0] ?? '', words[1] ?? '');
      case 'moved':
        this.tracker.setOwner(this.session(words[0] ?? '').id, ownerOf(words[1] ?? ''));
        return '';
      case 'given':
        return this.given(words[0] ?? '', words[1] ?? '');
      case 'later':
        this.clock.scheduler.nowMs += Number(words[0]);
        return '';
      case 'apply':
        return this.apply(Number(words[0] ?? Infinity));
      case 'tree':
        return this.treeText();
      case 'stat':
        return this.stat(words[0] ?? '');
      case 'pending':
        return String(this.validator.pending.count);
      default:
        throw new Error(`unknown command: ${line}`);
    }
  }

  private setOptions(names: readonly string[]): string {
    assert.equal(this.zxid, 0, 'options come first');
    this.options = { ...this.options, ...Object.fromEntries(names.map((name) => settingOf(name))) };
    if (names.includes('no-digest')) this.options = { ...this.options, digestEnabled: false };
    this.skipAcl = names.includes('skipAcl');
    this.tracker = this.makeTracker();
    this.validator = this.makeValidator();
    return '';
  }

  private addSession(name: string, owner: number | 'local'): string {
    const id = BigInt(this.sessions.size + 1);
    this.sessions.set(name, { id, owner, auth: [ipId('127.0.0.1')] });
    this.tracker.track(id, 4000, owner);
    return '';
  }

  private addAuth(name: string, text: string): string {
    const id = parseId(text);
    const isPassword = id.scheme === 'digest';
    this.session(name).auth.push(isPassword ? { ...id, id: digestId(id.id) } : id);
    return '';
  }

  private session(name: string): { id: bigint; owner: number | 'local'; auth: Id[] } {
    const session = this.sessions.get(name);
    assert.ok(session, `no session ${name}`);
    return session;
  }

  private request(name: string, owner: string | undefined, text: string): string {
    const session = name === 'server' ? { id: 0n, owner: 'local' as const, auth: [] } : this.session(name);
    const { type, body } = parseRequest(text);
    const request = { sessionId: session.id, cxid: 1, type, body, auth: session.auth };
    const entry = this.validator.validate(request, owner === undefined ? session.owner : ownerOf(owner), this.zxid + 1);
    this.zxid++;
    this.proposed.push(entry);
    return entryText(entry);
  }

  private apply(count = Infinity): string {
    for (const { header, txn, digest } of this.proposed.splice(0, count)) {
      const isUnlisted = txn.type === OpCode.closeSession && txn.paths === null;
      assert.equal(digest !== null, this.options.digestEnabled && !isUnlisted, `${opName(header.type)} says a digest`);
      this.tree.apply(header, txn, digest);
      this.validator.pending.release(header.zxid);
    }
    if (this.proposed.length === 0) assert.equal(this.validator.pending.count, 0);
    return '';
  }

  private treeText(): string {
    const { tree } = this;
    const lines: string[] = [];
    const visit = (path: string): void => {
      const ref = tree.find(path);
      const acl = aclText(tree.acl(ref));
      lines.push(`${path} ${JSON.stringify(tree.stat(ref), (_, v: unknown) => String(v))} ${acl} ${tree.digest}`);
      for (const name of tree.children(ref)) visit(`${path === '/' ? '' : path}/${name}`);
    };
    visit('/');
    return lines.join('\n');
  }

  private given(path: string, setting: string): string {
    const [field, value] = setting.split('=');
    const n = Number(value);
    this.apply();
    const header = { clientId: 99n, cxid: 0, zxid: ++this.zxid, time: 5 };
    const put = (txn: Txn): void => void this.tree.apply({ ...header, type: txn.type }, txn, null);
    if (field === 'cversion') {
      const child = `${path}/given`;
      put({ type: OpCode.create, path: child, data: null, acl: null, ephemeral: false, parentCVersion: n });
      header.zxid = ++this.zxid;
      put({ type: OpCode.delete, path: child });
    } else if (field === 'version') {
      put({ type: OpCode.setData, path, data: Buffer.from('given'), version: n });
    } else {
      put({ type: OpCode.setACL, path, acl: OPEN_ACL_UNSAFE, version: n });
    }
    return '';
  }

  private stat(path: string): string {
    const ref = this.tree.find(path);
    return ref < 0 ? 'absent' : statText(this.tree.stat(ref));
  }
}

function settingOf(text: string): [string, boolean | number] {
  const [name = '', value] = text.split('=');
  return [name, value === undefined ? !name.startsWith('no-') : Number(value)];
}

function ownerOf(text: string): number | 'local' {
  return text === 'local' ? 'local' : Number(text);
}

/** Words between spaces; "in quotes" with JSON's escapes. */
function splitWords(line: string): string[] {
  return (line.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) =>
    word.startsWith('"') ? (JSON.parse(word) as string) : word,
  );
}

export function parseRequest(text: string): { type: number; body: Buffer } {
  const words = splitWords(text);
  if (words[0] === 'raw') return { type: Number(words[1]), body: Buffer.from(words[2] ?? '', 'hex') };
  const request =
    words[0] === 'multi'
      ? { type: OpCode.multi, ops: text === 'multi' ? [] : text.slice(6).split('; ').map(parseOp) }
      : parseSingle(words);
  const body = encodeToBuffer((w) => {
    writeChangeRequest(w, request);
  });
  return { type: request.type, body };
}

function parseOp(text: string): MultiOp {
  const request = parseSingle(splitWords(text));
  assert.ok('version' in request || 'flags' in request, `${text} cannot be part of a multi`);
  assert.ok(request.type !== OpCode.setACL);
  return request;
}

function parseSingle([verb, first, ...rest]: string[]): ChangeRequest {
  const path = first === 'null' ? null : (first ?? '');
  const settings = new Map(rest.map((word) => splitSetting(word)));
  const version = Number(settings.get('version') ?? -1);
  switch (verb) {
    case 'create':
    case 'create2':
    case 'createContainer':
    case 'createTTL': {
      const mode = settings.get('mode') ?? 'persistent';
      return {
        type: OpCode[verb],
        path,
        data: dataOf(settings),
        acl: parseAcl(settings.get('acl') ?? 'world:anyone=cdrwa'),
        flags: MODES.get(mode) ?? Number(mode),
        ttlMs: Number(settings.get('ttl') ?? -1),
      };
    }
    case 'set':
      return { type: OpCode.setData, path, data: dataOf(settings), version };
    case 'setAcl':
      return { type: OpCode.setACL, path, acl: parseAcl(settings.get('acl') ?? 'none'), version };
    case 'delete':
    case 'check':
      return { type: OpCode[verb], path, version };
    case 'deleteContainer':
      return { type: OpCode.deleteContainer, path };
    case 'createSession':
      return { type: OpCode.createSession, timeoutMs: Number(first) };
    case 'closeSession':
      return { type: OpCode.closeSession };
    case 'reconfig':
      return { type: OpCode.reconfig, joiningServers: null, leavingServers: '3', newMembers: null, curConfigId: -1 };
    default:
      throw new Error(`unknown request: ${verb ?? ''}`);
  }
}

function splitSetting(word: string): [string, string] {
  const equals = word.indexOf('=');
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function dataOf(settings: ReadonlyMap<string, string>): Buffer | null {
  const data = settings.get('data');
  return data === 'null' ? null : Buffer.from(data ?? '', 'utf8');
}
