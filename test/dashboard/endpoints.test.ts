// The JSON of the dashboard: what it tells, whom, and that bad requests get clear errors.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type {
  ChildrenPage,
  EnsembleElections,
  EnsembleView,
  NodeView,
  Page,
  ServerSummary,
  SessionView,
  SlowRequests,
  WatchedPath,
} from '../../src/status/index.js';
import { ask } from '../admin/http.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import type { WireClient } from '../support/wire-client.js';
import { fill, lastingClient } from './nodes.js';

const LIMIT_MS = 120_000;
const CHILDREN = 20_000;
const PASSWORD = 'pässword with spaces: 1';

interface Json<T> {
  readonly status: number;
  readonly body: T;
}

async function get<T = { error: string }>(
  member: Member,
  page: string,
  headers: Record<string, string> = {},
): Promise<Json<T>> {
  const { status, text } = await ask(member.adminPort, `/dashboard/api/${page}`, { headers });
  return { status, body: JSON.parse(text) as T };
}

/** As the page sends it: bytes of UTF-8, one a character. */
function digest(user: string, password: string): Record<string, string> {
  return { authorization: `digest ${Buffer.from(`${user}:${password}`).toString('latin1')}` };
}

describe('the JSON of the dashboard', { timeout: LIMIT_MS }, () => {
  let ensemble: Ensemble;
  let leader: Member;
  let client: WireClient;

  before(async () => {
    // Long ticks: a busy machine must not cost the leader its followers.
    ensemble = await Ensemble.create({ http: true, config: { tickTime: 2000 } });
    await ensemble.start();
    leader = await ensemble.leader();
    client = await lastingClient(leader.clientPort);
    await client.create('/data', Buffer.from('0123456789'));
    await client.addAuth('digest', `boss:${PASSWORD}`);
    await client.create('/secret', Buffer.from('hidden'), 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
    await client.create('/secret/child', null);
    await client.create('/mine', null, 1);
    await client.getData('/data', true);
    await client.getChildren('/', true);
    await fill(client, '/many', CHILDREN);
  });

  after(async () => {
    client.destroy();
    await ensemble.remove();
  });

  it('tells of all servers, whichever is asked', async () => {
    for (const member of ensemble.members) {
      const { status, body } = await get<EnsembleView>(member, 'ensemble');
      assert.equal(status, 200);
      assert.equal(body.sid, member.sid);
      assert.deepEqual(
        body.members.map(({ sid, source, problem }) => [sid, source, problem]),
        [1, 2, 3].map((sid) => [sid, sid === member.sid ? 'self' : 'admin', '']),
      );
      const modes = body.members.map(({ summary }) => summary?.mode).sort();
      assert.deepEqual(modes, ['follower', 'follower', 'leader']);
      for (const { sid, learner } of body.members) assert.equal(learner === null, sid === leader.sid);
    }
  });

  it('tells figures of a server', async () => {
    const { body } = await get<ServerSummary>(leader, 'server');
    assert.ok(body.clients.connections >= 1 && body.clients.sessions >= 1);
    assert.ok(body.tree.nodes > CHILDREN && body.tree.ephemerals === 1 && body.tree.watches >= 1);
    assert.ok(body.disk.fsync.count > 0 && body.disk.logBytes > 0 && (body.disk.freeBytes ?? 0) > 0);
    assert.match(body.lastZxid, /^0x1[0-9a-f]{8}$/);
    assert.equal(body.leader, leader.sid);
  });

  it('tells elections of all servers', async () => {
    const { body } = await get<EnsembleElections>(leader, 'ensemble-elections');
    assert.deepEqual(
      body.members.map(({ sid }) => sid),
      [1, 2, 3],
    );
    for (const { status } of body.members) assert.equal(status?.leader, leader.sid);
  });

  it('shows nodes with their data in pieces', async () => {
    const whole = await get<NodeView>(leader, 'node?path=/data');
    assert.equal(Buffer.from(whole.body.data.base64, 'base64').toString(), '0123456789');
    assert.deepEqual(whole.body.acl, [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }]);
    const piece = await get<NodeView>(leader, 'node?path=/data&offset=4&bytes=3');
    assert.equal(Buffer.from(piece.body.data.base64, 'base64').toString(), '456');
    assert.equal(piece.body.data.totalBytes, 10);
    const { body: mine } = await get<NodeView>(leader, 'node?path=/mine');
    assert.deepEqual([mine.kind, mine.owner], ['ephemeral', `0x${BigInt.asUintN(64, client.sessionId).toString(16)}`]);
  });

  it('shows what not everybody may read only to who may', async () => {
    const anonymous = await get(leader, 'node?path=/secret');
    assert.deepEqual(
      [anonymous.status, anonymous.body],
      [401, { error: 'Not everybody may read /secret: authenticate.' }],
    );
    assert.equal((await get(leader, 'children?path=/secret')).status, 401);
    const wrong = await get(leader, 'node?path=/secret', digest('boss', 'wrong'));
    assert.equal(wrong.status, 403);
    const right = await get<NodeView>(leader, 'node?path=/secret', digest('boss', PASSWORD));
    assert.equal(Buffer.from(right.body.data.base64, 'base64').toString(), 'hidden');
    assert.match(right.body.acl[0]?.id ?? '', /^boss:[A-Za-z0-9+/]{27}=$/);
    const children = await get<ChildrenPage>(leader, 'children?path=/secret', digest('boss', PASSWORD));
    assert.deepEqual(
      children.body.children.map(({ name }) => name),
      ['child'],
    );
    const root = await get<ChildrenPage>(leader, 'children?path=/');
    const secret = root.body.children.find(({ name }) => name === 'secret');
    assert.deepEqual(secret, { name: 'secret', isReadable: false, children: 0, dataBytes: 0, isEphemeral: false });
  });

  for (const header of ['', 'digest', 'digest nocolon', 'basic Ym9zczp4', 'x509', 'sasl boss', '  ', 'digest \u00ff']) {
    it(`refuses or knows nothing by the header "${header}"`, async () => {
      const { status, body } = await get(leader, 'node?path=/secret', { authorization: header });
      assert.ok([401, 403].includes(status), `${status}`);
      assert.ok(body.error.length > 10);
    });
  }

  it('gives children page by page', async () => {
    const names: string[] = [];
    for (let next: string | null = ''; next !== null;) {
      const page: Json<ChildrenPage> = await get<ChildrenPage>(leader, `children?path=/many&limit=1000&after=${next}`);
      assert.equal(page.body.total, CHILDREN);
      names.push(...page.body.children.map(({ name }) => name));
      next = page.body.next;
    }
    assert.equal(names.length, CHILDREN);
    assert.deepEqual(names, [...new Set(names)].sort());
    const found = await get<ChildrenPage>(leader, 'children?path=/many&search=19999');
    assert.deepEqual(
      found.body.children.map(({ name }) => name),
      ['node-0019999'],
    );
  });

  it('lists sessions and watches, and finds them', async () => {
    const id = `0x${BigInt.asUintN(64, client.sessionId).toString(16)}`;
    const { body: sessions } = await get<Page<SessionView>>(leader, `sessions?search=${id}`);
    assert.equal(sessions.total, 1);
    const [session] = sessions.items;
    assert.equal(session?.id, id);
    assert.equal(session.ephemerals, 1);
    assert.match(session.connection?.remote ?? '', /^127\.0\.0\.1:\d+$/);
    const { body: none } = await get<Page<SessionView>>(leader, `sessions?search=nobody`);
    assert.deepEqual(none, { total: 0, offset: 0, items: [], isPartial: false });
    const { body: far } = await get<Page<SessionView>>(leader, `sessions?offset=${Number.MAX_SAFE_INTEGER}`);
    assert.deepEqual(far.items, []);
    const { body: watches } = await get<Page<WatchedPath>>(leader, 'watches?search=/data');
    assert.deepEqual(watches.items, [{ kind: 'data', path: '/data', watchers: 1, sessions: [id] }]);
  });

  it('remembers slow requests', async () => {
    const earlier = await get<SlowRequests>(leader, 'slow-requests');
    const holdMs = 100 + (earlier.body.requests[0]?.latencyMs ?? 0);
    const followers = await ensemble.followers();
    for (const follower of followers) follower.send('SIGSTOP');
    const write = client.setData('/data', Buffer.from('0123456789'));
    // It cannot be acknowledged meanwhile.
    await delay(holdMs);
    for (const follower of followers) follower.send('SIGCONT');
    await write;
    const { body } = await get<SlowRequests>(leader, 'slow-requests');
    const slow = body.requests.find(({ operation, path }) => operation === 'setData' && path === '/data');
    assert.ok((slow?.latencyMs ?? 0) >= holdMs / 2, JSON.stringify(body));
    assert.ok(body.requests.every(({ latencyMs }) => latencyMs >= 5));
  });

  const BAD: readonly [page: string, status: number, error: RegExp][] = [
    ['nothing', 404, /no page nothing/],
    ['', 404, /no page/],
    ['node', 400, /path is missing/],
    ['node?path=', 400, /names no node/],
    ['node?path=data', 400, /must start with \//],
    ['node?path=/a//b', 400, /empty node name/],
    ['node?path=/a/../b', 400, /relative/],
    ['node?path=/a%00b', 400, /null character/],
    ['node?path=/absent', 404, /There is no node \/absent/],
    ['node?path=/data&offset=-1', 400, /offset must be a whole number from 0/],
    ['node?path=/data&offset=99999999999999999999', 400, /offset/],
    ['node?path=/data&bytes=1048577', 400, /bytes must be a whole number from 0 to 1048576/],
    ['children?path=/absent', 404, /There is no node/],
    ['children?path=/many&limit=0', 400, /limit must be a whole number from 1 to 1000/],
    ['children?path=/many&limit=1e3', 400, /limit/],
    [`children?path=/many&search=${'x'.repeat(1025)}`, 400, /search is longer than 1024/],
    ['sessions?offset=1.5', 400, /offset/],
    ['sessions?offset=9007199254740992', 400, /offset/],
    ['sessions?limit=1001', 400, /limit/],
    ['watches?limit=many', 400, /limit/],
  ];
  for (const [page, status, error] of BAD) {
    it(`answers ${status} to ${page.slice(0, 60)}`, async () => {
      const reply = await get(leader, page);
      assert.equal(reply.status, status);
      assert.match(reply.body.error, error);
    });
  }

  it('takes GET only, and sends its rules with everything', async () => {
    const post = await ask(leader.adminPort, '/dashboard/api/server', { method: 'POST', body: 'x' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    for (const path of ['/dashboard/', '/dashboard/app.js', '/dashboard/api/server', '/dashboard/absent']) {
      const { headers } = await ask(leader.adminPort, path);
      const policy = headers.get('content-security-policy') ?? '';
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
    }
    const root = await ask(leader.adminPort, '/', { redirect: 'manual' });
    assert.deepEqual([root.status, root.headers.get('location')], [302, '/dashboard/']);
  });

  it('answers anything else with a clear error, too', async () => {
    const pages = ['node', 'children', 'sessions', 'watches', 'slow-requests', 'server', 'ensemble'];
    const name = fc.constantFrom('path', 'offset', 'limit', 'bytes', 'after', 'search', 'x');
    const value = fc.oneof(
      fc.string({ maxLength: 40, unit: 'binary' }),
      fc.integer().map(String),
      fc.constant('/many'),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pages),
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        async (page, given) => {
          const query = given.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join('&');
          const { status, text } = await ask(leader.adminPort, `/dashboard/api/${page}?${query}`);
          const body = JSON.parse(text) as { error?: string };
          if (status !== 200)
            assert.ok([400, 401, 404].includes(status) && (body.error ?? '').length > 10, `${status} ${text}`);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('has of a server whose admin port is off what its leader knows', async () => {
    const [follower] = await ensemble.followers();
    assert.ok(follower);
    const other = ensemble.members.find((member) => member !== leader && member !== follower);
    assert.ok(other);
    follower.send('SIGSTOP');
    try {
      const { body } = await get<EnsembleView>(other, 'ensemble');
      const member = body.members.find(({ sid }) => sid === follower.sid);
      assert.equal(member?.summary, null);
      assert.equal(member.source, 'leader');
      assert.match(member.problem, /no answer within 1500 ms/);
      assert.equal(member.learner?.sid, follower.sid);
    } finally {
      follower.send('SIGCONT');
    }
  });
});
