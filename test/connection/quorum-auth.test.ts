// SASL between servers on the fake network: who is let through, who is not, and that nothing behind it is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { QuorumAuthenticator } from '../../src/connection/index.js';
import type { Socket, SocketHandler } from '../../src/host/index.js';
import { encodeQuorumAuth, readQuorumAuth } from '../../src/protocol/index.js';
import { type FakeHost, World } from '../fakes/index.js';

const USERS = new Map([['zk', 'secret']]);
const LIMIT_MS = 1000;

/** `let through`, or why not. */
type Outcome = string;

interface Side {
  readonly client?: { readonly user: string; readonly password: string };
  readonly requires?: boolean;
}

function authenticator(host: FakeHost, { client, requires = false }: Side): QuorumAuthenticator {
  return new QuorumAuthenticator(
    { login: client ?? null, proof: { users: USERS }, serverRequires: requires },
    host.clock,
    host.random,
  );
}

async function outcome(done: Promise<void>): Promise<Outcome> {
  try {
    await done;
    return 'let through';
  } catch (error) {
    return (error as Error).message;
  }
}

function collector(got: Buffer[]): SocketHandler {
  return {
    onData: (chunk) => got.push(Buffer.from(chunk)),
    onEnd: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  };
}

interface Meeting {
  readonly dialling: Outcome;
  readonly accepting: Outcome;
  /** What the accepting side reads behind the authentication. */
  readonly behind: string;
}

async function meet(world: World, dialling: Side, accepting: Side): Promise<Meeting> {
  const one = world.host('one');
  const other = world.host('other');
  const accepted = new Promise<Socket>((resolve) => {
    other.network.listen({ endpoint: { host: '', port: 3888 } }, resolve).catch(() => undefined);
  });
  const meeting = async (): Promise<Meeting> => {
    const near = await one.network.dial({ host: 'other', port: 3888 }, LIMIT_MS);
    const far = await accepted;
    const [here, there] = await Promise.all([
      outcome(authenticator(one, dialling).dialled(near, 'other', LIMIT_MS)).then((result) => {
        near.write(Buffer.from('a message of the election'));
        return result;
      }),
      outcome(authenticator(other, accepting).accepted(far, LIMIT_MS)),
    ]);
    const got: Buffer[] = [];
    if (there === 'let through') far.start(collector(got));
    await new Promise<void>((resolve) => one.clock.after(100, resolve));
    return { dialling: here, accepting: there, behind: Buffer.concat(got).toString() };
  };
  return world.settle(meeting());
}

describe('authentication between servers', () => {
  const good = { user: 'zk', password: 'secret' };
  const PROVEN: Meeting = { dialling: 'let through', accepting: 'let through', behind: 'a message of the election' };

  it('lets through who proves itself, whatever the network does to the bytes', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      assert.deepEqual(await meet(new World(seed), { client: good }, { requires: true }), PROVEN, `seed ${seed}`);
    }
  });

  it('lets through who does not authenticate where that is not required', async () => {
    for (let seed = 1; seed <= 20; seed++)
      assert.deepEqual(await meet(new World(seed), {}, {}), PROVEN, `seed ${seed}`);
  });

  it('refuses who does not authenticate where that is required', async () => {
    const { accepting } = await meet(new World(1), {}, { requires: true });
    assert.match(accepting, /does not authenticate, which is required/);
  });

  it('refuses a wrong password, and says so to the other side', async () => {
    for (const requires of [true, false]) {
      const { dialling, accepting } = await meet(
        new World(2),
        { client: { ...good, password: 'guess' } },
        { requires },
      );
      assert.match(accepting, /password of user "zk"/);
      assert.match(dialling, /the other server refuses this one/);
    }
  });
});

describe('packets of the authentication between servers', () => {
  it('are as Apache ZooKeeper writes them', () => {
    const bytes = encodeQuorumAuth({ status: 1, token: Buffer.from('rspauth') });
    assert.equal(bytes.toString('hex'), '5f2435013501edcc0000000100000007727370617574 68'.replace(' ', ''));
    assert.deepEqual(readQuorumAuth(bytes), {
      value: { status: 1, token: Buffer.from('rspauth') },
      length: bytes.length,
    });
    for (let length = 0; length < bytes.length; length++) assert.equal(readQuorumAuth(bytes.subarray(0, length)), null);
  });

  it('are refused when they are none', () => {
    assert.throws(() => readQuorumAuth(Buffer.alloc(20)), { name: 'JuteError' });
    const huge = encodeQuorumAuth({ status: 0, token: Buffer.alloc(0) });
    huge.writeInt32BE(1 << 30, 12);
    assert.throws(() => readQuorumAuth(huge), { name: 'JuteError' });
  });
});
