import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { ClientListener } from '../../src/client/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost, type RealHost } from '../../src/platform/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { frameOf, requestBytes, WireClient } from '../support/wire-client.js';
import { testAccess, testStatus } from './client-world.js';
import { MemoryPipeline } from './memory-pipeline.js';

describe('the client port on real sockets', () => {
  let host: RealHost;
  let listener: ClientListener;
  let pipeline: MemoryPipeline;
  let metrics: Metrics;
  let port: number;

  before(async () => {
    host = createRealHost({ log: { level: 'fatal' } });
    metrics = new Metrics();
    pipeline = new MemoryPipeline(host.clock);
    const options = { commandWhitelist: '*', maxClientCnxns: 0 };
    listener = new ClientListener({ host, metrics, status: testStatus(host), access: testAccess(), options });
    listener.serve(pipeline);
    await listener.listen([{ host: '127.0.0.1', port: 0 }]);
    port = listener.endpoints[0]?.port ?? 0;
  });

  after(async () => {
    await listener.close();
    await host.close();
  });

  it('keeps the order of reads and writes of many pipelining clients', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => WireClient.connect(port)));
    const work = clients.map(async (client, index) => {
      const path = `/client${index}`;
      await client.create(path, Buffer.from('0'));
      const checks: Promise<void>[] = [];
      for (let i = 1; i <= 300; i++) {
        checks.push(client.setData(path, Buffer.from(String(i))).then((stat) => assert.equal(stat.version, i)));
        checks.push(client.getData(path).then((r) => assert.equal(r.data?.toString(), String(i))));
      }
      await Promise.all(checks);
      await client.close();
    });
    await Promise.all(work);
  });

  it('lets a slow reader have its megabytes, and others theirs meanwhile', async () => {
    const [slow, other] = [await WireClient.connect(port), await WireClient.connect(port)];
    await slow.create('/large', Buffer.alloc(500_000, 1));
    const sent = (): number => metrics.gauges.get('packets_sent')?.() ?? 0;
    const sentBefore = sent();
    slow.transport.pause();
    slow.quietly(() => {
      for (let i = 0; i < 200; i++) {
        const request = requestBytes(5000 + i, OpCode.getData, (w) => {
          w.string('/large');
          w.bool(false);
        });
        slow.sendFrame(request);
      }
    });
    for (let i = 0; i < 50; i++) await other.getData('/large');
    const sentNow = sent() - sentBefore;
    assert.ok(sentNow < 150, `${sentNow} packets sent though 100 MB of them have no reader`);
    slow.transport.resume();
    await eventually('all replies', 20_000, () => Promise.resolve(slow.frames.length >= 202));
    for (const client of [slow, other]) await client.close();
  });

  it('answers words to those who close their direction first', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
      socket.end('srvr');
    });
    assert.match(answer, /^Zookeeper version: .*\n.*\n(.*\n)*Mode: standalone\n/);
  });

  it('answers many words at once', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => fourLetter(port, 'ruok')));
    assert.deepEqual([...new Set(answers)], ['imok']);
    await eventually('all gone', 5000, () => Promise.resolve(metrics.gauges.get('num_alive_connections')?.() === 0));
  });

  it('reports a port that is taken', async () => {
    const second = new ClientListener({ host, metrics: new Metrics(), status: testStatus(host), access: testAccess() });
    const endpoints = [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.1', port },
    ];
    await assert.rejects(second.listen(endpoints), { code: 'ADDRESS_IN_USE' });
    assert.deepEqual(second.endpoints, []);
  });

  it('forgets clients that break off in the middle of a frame', async () => {
    const client = await WireClient.connect(port);
    client.sendRaw(frameOf(Buffer.alloc(1000)).subarray(0, 500));
    client.destroy();
    await eventually('gone', 5000, () => Promise.resolve(metrics.gauges.get('num_alive_connections')?.() === 0));
  });
});
