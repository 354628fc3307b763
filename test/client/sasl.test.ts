// A SASL step that takes time: what the client sends behind it waits.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  Access,
  AuthProviders,
  ClientSasl,
  SaslError,
  SaslProvider,
  type SaslServerStep,
} from '../../src/auth/index.js';
import { ErrorCode, OpCode } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/index.js';
import { WireClosed, type WireClient, WireError } from '../support/wire-client.js';
import { ClientWorld } from './client-world.js';

/** Every step waits until the test says how it ends. */
class SlowSasl extends ClientSasl {
  readonly tokens: Buffer[] = [];
  private end: { resolve(step: SaslServerStep): void; reject(error: Error): void } | null = null;

  constructor() {
    super({
      users: new Map(),
      superUsers: new Set(),
      dropsHost: false,
      dropsRealm: false,
      random: new SeededRandom(1),
    });
  }

  override begin() {
    return {
      step: (token: Buffer) =>
        new Promise<SaslServerStep>((resolve, reject) => {
          this.tokens.push(token);
          this.end = { resolve, reject };
        }),
    };
  }

  resolve(step: SaslServerStep): void {
    this.end?.resolve(step);
  }

  reject(error: Error): void {
    this.end?.reject(error);
  }
}

async function begin() {
  const sasl = new SlowSasl();
  const providers = AuthProviders.standard();
  providers.add(new SaslProvider(null));
  const w = await ClientWorld.make({ access: new Access(providers, { skipAcl: false, sasl }) });
  return { w, sasl, client: await w.connect() };
}

async function sendToken(client: WireClient, token: string): Promise<string> {
  const { body } = await client.request(OpCode.sasl, (w) => w.buffer(Buffer.from(token)));
  // Behind its length.
  return body.toString('utf8', 4);
}

describe('a SASL step that takes time', () => {
  it('is answered before what was sent behind it, which is heard of the proven user', async () => {
    const { w, sasl, client } = await begin();
    const [first, ids] = [sendToken(client, 'ticket'), client.whoAmI()];
    await w.world.until(() => sasl.tokens.length === 1);
    assert.equal(client.frames.length, 1, 'only the connect response');
    sasl.resolve({ token: Buffer.from('proof'), user: 'bob' });
    assert.equal(await w.get(first), 'proof');
    assert.deepEqual(
      (await w.get(ids)).map(({ scheme, user }) => `${scheme} ${user}`).filter((id) => id.startsWith('sasl')),
      ['sasl bob'],
    );
  });

  const failures = [
    ['that fails', new SaslError('WRONG_PROOF', 'Clock skew too great')],
    ['whose mechanism breaks', new RangeError('Clock skew too great')],
  ] as const;
  for (const [what, failure] of failures) {
    it(`${what} ends the connection with AuthFailed, and no other one`, async () => {
      const { w, sasl, client } = await begin();
      const other = await w.connect();
      const answer = sendToken(client, 'ticket');
      const behind = assert.rejects(client.whoAmI(), WireClosed);
      const refused = assert.rejects(
        answer,
        (error) => error instanceof WireError && error.code === ErrorCode.authFailed,
      );
      await w.world.until(() => sasl.tokens.length === 1);
      sasl.reject(failure);
      await w.get(refused);
      await w.get(behind);
      await w.get(other.exists('/'));
      assert.equal(w.logged(/Clock skew too great/).length, 1);
    });
  }

  it('that proves one id too many ends the connection with AuthFailed', async () => {
    const { w, sasl, client } = await begin();
    for (let n = 0; n < 255; n++) await w.get(client.addAuth('digest', `user${n}:x`));
    const refused = assert.rejects(sendToken(client, 'ticket'), { code: ErrorCode.authFailed });
    await w.world.until(() => sasl.tokens.length === 1);
    sasl.resolve({ token: null, user: 'bob' });
    await w.get(refused);
    await w.get(client.closed);
    assert.equal(w.logged(/SASL user bob is one id too many/).length, 1);
  });

  for (const ends of ['well', 'badly'] as const) {
    it(`that ends ${ends} when its client is gone disturbs nobody`, async () => {
      const { w, sasl, client } = await begin();
      const answer = assert.rejects(sendToken(client, 'ticket'), WireClosed);
      await w.world.until(() => sasl.tokens.length === 1);
      client.transport.destroy();
      await w.get(answer);
      await w.world.until(() => w.connectionCount() === 0);
      if (ends === 'well') sasl.resolve({ token: null, user: 'bob' });
      else sasl.reject(new SaslError('WRONG_PROOF', 'too late'));
      const other = await w.connect();
      await w.get(other.exists('/'));
      assert.deepEqual(w.logged(/too late/), []);
    });
  }
});
