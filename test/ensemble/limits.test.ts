// Limits of a real server under several clients at the same time: whoever keeps within them is served whole.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient, WireClosed } from '../support/wire-client.js';
import { netTransport } from '../support/wire-transport.js';

const LARGE_BYTES = 60_000;

describe('a server with limits', () => {
  let ensemble: Ensemble | undefined;
  afterEach(() => ensemble?.remove());

  async function start(config: Readonly<Record<string, string | number>>): Promise<number> {
    ensemble = await Ensemble.create({ servers: 1, config });
    await ensemble.start();
    return ensemble.member(1).clientPort;
  }

  async function metric(name: string): Promise<number> {
    const text = await fourLetter(ensemble?.member(1).clientPort ?? 0, 'mntr');
    return Number(new RegExp(`^zk_${name}\t(\\S+)`, 'm').exec(text)?.[1]);
  }

  it('lets in so many connections of an address and in all, whoever comes at once', async () => {
    const port = await start({ maxClientCnxns: 4, maxCnxns: 10 });
    const enter = async (from: string): Promise<WireClient | null> => {
      const client = WireClient.over(await netTransport(port, '127.0.0.1', from));
      return client.open().then(
        () => client,
        (error: unknown) => {
          assert.ok(error instanceof WireClosed, String(error));
          return null;
        },
      );
    };
    const addresses = ['127.0.5.1', '127.0.5.2', '127.0.5.3'];
    const tries = addresses.flatMap((address) => Array.from({ length: 7 }, () => address));
    const entered = await Promise.all(tries.map(async (from) => ({ from, client: await enter(from) })));
    const inside = entered.filter(({ client }) => client !== null);
    assert.equal(inside.length, 10);
    for (const address of addresses) assert.ok(inside.filter(({ from }) => from === address).length <= 4, address);
    // Those inside are served, and who leaves makes room.
    for (const { client } of inside) await client?.exists('/');
    const [leaver] = inside;
    await leaver?.client?.close();
    await eventually('there is room', 10_000, async () => (await enter('127.0.5.9')) ?? undefined);
    assert.equal(await enter('127.0.5.8'), null);
    for (const { client } of inside) client?.destroy();
  });

  it('answers all that many clients ask at once, in order, however few requests may be under way', async () => {
    const port = await start({ globalOutstandingLimit: 20, request_throttle_max_requests: 5 });
    const clients = await Promise.all(Array.from({ length: 10 }, () => WireClient.connect(port)));
    await Promise.all(
      clients.map(async (client, at) => {
        const asked: Promise<unknown>[] = [client.create(`/c${at}`, Buffer.from('0'))];
        for (let i = 1; i <= 100; i++) {
          asked.push(client.setData(`/c${at}`, Buffer.from(String(i)), i - 1));
          const expected = String(i);
          asked.push(client.getData(`/c${at}`).then(({ data }) => assert.equal(String(data), expected)));
        }
        await Promise.all(asked);
      }),
    );
    assert.ok((await metric('request_throttle_wait_count')) > 0);
    assert.equal(await metric('outstanding_requests'), 0);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('cuts off who sends too much in large requests, and nobody else', async () => {
    const port = await start({ largeRequestThreshold: 50_000, largeRequestMaxBytes: 4 * LARGE_BYTES });
    const clients = await Promise.all(Array.from({ length: 6 }, () => WireClient.connect(port)));
    const greedy = await WireClient.connect(port);
    const large = Array.from({ length: 30 }, (_, i) => greedy.create(`/large${i}`, Buffer.alloc(LARGE_BYTES)));
    const small = clients.flatMap((client, at) =>
      Array.from({ length: 50 }, (_, i) => client.create(`/small${at}-${i}`, Buffer.alloc(1000))),
    );
    const results = await Promise.allSettled(large);
    assert.ok(results.some(({ status }) => status === 'rejected'));
    assert.equal(greedy.isClosed, true);
    await Promise.all(small);
    assert.ok((await metric('large_requests_rejected')) >= 1);
    // The caps are of what is under way: there is room again.
    const [client] = clients;
    await client?.create('/large-again', Buffer.alloc(LARGE_BYTES));
    await Promise.all(clients.map((one) => one.close()));
  });
});
