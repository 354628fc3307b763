// Accepted sockets are read into one buffer: what is special to that must not show.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket as RawSocket } from 'node:net';
import { describe, it } from 'node:test';
import { readShared } from '../../src/platform/shared-reads.js';
import type { Host, Logger } from '../../src/host/index.js';
import { RealNetwork } from '../../src/platform/real-network.js';
import { RealSocket } from '../../src/platform/real-socket.js';
import { connected, type Pair, Recorder } from './network-pair.js';

const host = { network: new RealNetwork({ warn: () => undefined } as unknown as Logger) } as unknown as Host;

async function end(pairs: readonly Pair[]): Promise<void> {
  for (const { client, server, listener } of pairs) {
    client.destroy();
    server.destroy();
    await listener.close();
  }
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
  it('share the memory that they are read into', async () => {
    const pairs = [await connected(host), await connected(host)];
    const readers = pairs.map(() => new Placing());
    for (const [i, { client, server }] of pairs.entries()) {
      server.start(readers[i] ?? new Placing());
      client.start(new Recorder());
      client.write(Buffer.from(`bytes of ${i}`));
    }
    for (const [i, reader] of readers.entries())
      await reader.when(() => reader.received.toString() === `bytes of ${i}`);
    assert.equal(new Set(readers.flatMap(({ memory }) => [...memory])).size, 1);
    await end(pairs);
  });

  it('keep what is given back, though others are read meanwhile', async () => {
    const [one, other] = [await connected(host), await connected(host)];
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
    await end([one, other]);
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

describe('readShared', () => {
  it('leaves a socket as it is that reads already', () => {
    const raw = connect({ host: '127.0.0.1', port: 1 });
    raw.on('error', () => undefined);
    assert.equal(
      readShared(raw, () => true),
      false,
    );
    raw.destroy();
  });
});
