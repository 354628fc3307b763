// Accepted sockets stand on Node's own handles and are read into one buffer: what is special to that must not show.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket as RawSocket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type BareHandle, takeHandles } from '../../src/platform/bare-handles.js';
import { BareSocket } from '../../src/platform/bare-socket.js';
import type { Host, Logger, NetworkError, Socket } from '../../src/host/index.js';
import { RealNetwork } from '../../src/platform/real-network.js';
import { RealSocket } from '../../src/platform/real-socket.js';
import { ANY_PORT, connected, type Pair, Recorder } from './network-pair.js';

const host = { network: new RealNetwork({ warn: () => undefined } as unknown as Logger) } as unknown as Host;

/** Runs the garbage collector, and makes new garbage where the old one was. */
async function collect(): Promise<void> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 500; i++) Buffer.alloc(16 * 1024, 255);
}

/** A connection that is closed behind the test, however that ends. */
async function pairFor(t: TestContext): Promise<Pair> {
  const pair = await connected(host);
  t.after(async () => {
    pair.client.destroy();
    pair.server.destroy();
    await pair.listener.close();
  });
  return pair;
}

/** Notes where the bytes it is told of stand. */
class Placing extends Recorder {
  readonly memory = new Set<ArrayBufferLike>();

  override onData(chunk: Buffer): void {
    this.memory.add(chunk.buffer);
    super.onData(chunk);
  }
}

describe('accepted sockets', () => {
  it('stand on handles', async (t) => {
    const pair = await pairFor(t);
    assert.ok(pair.server instanceof BareSocket);
  });

  it('tell of a reset, whether they read or write', async () => {
    for (const writes of [false, true]) {
      const { promise, accept } = acceptOne();
      const listener = await host.network.listen({ endpoint: ANY_PORT }, accept);
      const raw = connect(listener.endpoint.port, '127.0.0.1');
      raw.on('error', () => undefined);
      const socket = await promise;
      const owner = new Recorder();
      socket.start(owner);
      if (writes) socket.pause();
      raw.resetAndDestroy();
      await once(raw, 'close');
      while (writes && socket.write(Buffer.from('anybody?'))) await new Promise((resolve) => setImmediate(resolve));
      await owner.whenTold('close');
      assert.equal((owner.closeError as NetworkError).code, 'RESET');
      assert.ok(socket.closed);
      await listener.close();
    }
  });

  it('say everything before they end, however much it is', async (t) => {
    const { client, server } = await pairFor(t);
    const reader = new Recorder();
    let count = 0;
    reader.onData = (chunk) => void (count += chunk.length);
    const owner = new Recorder();
    server.start(owner);
    for (let i = 0; i < 100; i++) server.write(Buffer.alloc(100_000, i));
    assert.ok(server.bufferedBytes > 0);
    server.end();
    client.start(reader);
    await reader.whenTold('end');
    assert.equal(count, 10_000_000);
    client.end();
    await owner.whenTold('close');
    assert.equal(owner.closeError, undefined);
    assert.equal(server.bufferedBytes, 0);
  });

  it('keep what waits for a slow reader as it was written', async (t) => {
    const { client, server } = await pairFor(t);
    server.start(new Recorder());
    client.start(new Recorder());
    client.pause();
    const pieces = 3000;
    const pieceBytes = 16 * 1024;
    for (let i = 0; i < pieces; i++) {
      server.write(Buffer.alloc(pieceBytes, i % 251));
      // Memory that nobody keeps is soon used anew.
      if (i % 500 === 0) await collect();
    }
    await collect();
    let at = 0;
    let wrong = 0;
    const reader = new Recorder();
    reader.onData = (chunk) => {
      for (const byte of chunk) if (byte !== Math.floor(at++ / pieceBytes) % 251) wrong++;
    };
    client.start(reader);
    client.resume();
    server.end();
    await reader.whenTold('end');
    assert.equal(at, pieces * pieceBytes);
    assert.equal(wrong, 0);
  });

  it('gather small writes behind one that waits', async (t) => {
    const { client, server } = await pairFor(t);
    const owner = new Recorder();
    server.start(owner);
    const first = Buffer.alloc(8 * 1024 * 1024, 'a');
    assert.equal(server.write(first), false);
    let expected = first.length;
    for (let i = 0; i < 20_000; i++) {
      server.write(Buffer.from(`${i};`));
      expected += `${i};`.length;
    }
    assert.equal(server.bufferedBytes, expected);
    let count = 0;
    let last = Buffer.alloc(0);
    const reader = new Recorder();
    reader.onData = (chunk) => {
      count += chunk.length;
      last = Buffer.concat([last, chunk]).subarray(-12);
    };
    client.start(reader);
    await owner.whenTold('drain');
    server.end();
    await reader.whenTold('end');
    assert.equal(count, expected);
    assert.equal(last.toString(), '19998;19999;');
  });

  it('are read one piece a turn, however much waits', async (t) => {
    const { client, server } = await pairFor(t);
    client.start(new Recorder());
    client.write(Buffer.alloc(2 * 1024 * 1024));
    let turn = 0;
    let isOver = false;
    const count = (): void => {
      turn++;
      if (!isOver) setImmediate(count);
    };
    count();
    const full: number[] = [];
    const reader = new Recorder();
    let bytes = 0;
    reader.onData = (chunk) => {
      bytes += chunk.length;
      if (chunk.length === 64 * 1024) full.push(turn);
    };
    server.start(reader);
    client.end();
    await reader.whenTold('end');
    isOver = true;
    assert.equal(bytes, 2 * 1024 * 1024);
    assert.ok(full.length > 5, `${full.length} full pieces`);
    assert.equal(new Set(full).size, full.length);
  });

  it('share the memory that they are read into', async (t) => {
    const pairs = [await pairFor(t), await pairFor(t)];
    const readers = pairs.map(() => new Placing());
    for (const [i, { client, server }] of pairs.entries()) {
      server.start(readers[i] ?? new Placing());
      client.start(new Recorder());
      client.write(Buffer.from(`bytes of ${i}`));
    }
    for (const [i, reader] of readers.entries())
      await reader.when(() => reader.received.toString() === `bytes of ${i}`);
    assert.equal(new Set(readers.flatMap(({ memory }) => [...memory])).size, 1);
  });

  it('keep what is given back, though others are read meanwhile', async (t) => {
    const [one, other] = [await pairFor(t), await pairFor(t)];
    const first = new Recorder();
    first.onData = (chunk) => {
      one.server.unread(chunk);
      first.told.push('unread');
    };
    one.server.start(first);
    one.client.start(new Recorder());
    one.client.write(Buffer.from('given back '));
    const reader = new Recorder();
    other.server.start(reader);
    other.client.start(new Recorder());
    other.client.write(Buffer.alloc(1000, 'x'));
    await reader.when(() => reader.received.length === 1000);
    const second = new Recorder();
    one.server.start(second);
    one.client.write(Buffer.from('and more'));
    one.client.end();
    await second.whenTold('end');
    assert.equal(second.received.toString(), 'given back and more');
  });
});

function acceptOne(): { promise: Promise<Socket>; accept: (socket: Socket) => void } {
  let accept: (socket: Socket) => void = () => undefined;
  const promise = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  return { promise, accept: (socket) => accept(socket) };
}

describe('takeHandles', () => {
  it('leaves to Node what it does not know, and what could not be accepted', () => {
    const usual: [number, unknown][] = [];
    const taken: BareHandle[] = [];
    const listener = { onconnection: (error: number, handle: unknown) => void usual.push([error, handle]) };
    takeHandles({ _handle: listener } as unknown as Server, (handle) => taken.push(handle));
    const odd = { readStart: () => 0 };
    listener.onconnection(0, odd);
    listener.onconnection(-24, undefined);
    assert.deepEqual(usual, [
      [0, odd],
      [-24, undefined],
    ]);
    assert.deepEqual(taken, []);
  });
});

describe('a socket that ended before it had an owner', () => {
  it('is told of that', async () => {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').end();
    const [raw] = (await once(server, 'connection')) as [RawSocket];
    raw.resume();
    await once(raw, 'end');
    const socket = new RealSocket(raw);
    const owner = new Recorder();
    socket.start(owner);
    await owner.whenTold('end');
    socket.end();
    await owner.whenTold('close');
    client.destroy();
    server.close();
  });
});
