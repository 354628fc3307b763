import assert from 'node:assert/strict';
import type { Socket, SocketHandler } from '../../src/host/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { QuorumPeer } from '../../src/peer/index.js';
import { loadText } from '../config/memory-files.js';
import { type FakeHost, World } from '../fakes/index.js';
import { WireClient } from '../support/wire-client.js';
import { hostTransport } from '../support/wire-transport.js';
import type { BadCase, PortName } from './cases.js';
import type { Line, LogLine, Stage } from './stage.js';

const PORTS: Readonly<Record<PortName, number>> = { client: 2181, quorum: 2888, election: 3888 };
const SIDS = [1, 2, 3];
const CONFIG = `
dataDir=/data
clientPort=2181
tickTime=300
initLimit=10
syncLimit=5
maxClientCnxns=20
nio.sessionlessCnxnTimeout=1500
preAllocSize=64
4lw.commands.whitelist=*
${SIDS.map((sid) => `server.${sid}=s${sid}:2888:3888`).join('\n')}
`;

/** A stranger on a simulated machine. */
export class FakeLine implements Line, SocketHandler {
  heard = Buffer.alloc(0);
  closed = false;

  constructor(
    readonly address: string,
    private readonly socket: Socket,
  ) {
    socket.start(this);
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  onData(chunk: Buffer): void {
    this.heard = Buffer.concat([this.heard, chunk]);
  }

  onEnd(): void {
    this.closed = true;
    this.socket.end();
  }

  onDrain(): void {
    // Nothing is held back.
  }

  onClose(): void {
    this.closed = true;
  }
}

/** Three whole servers in a simulated world, of which server 3 leads, and a client that writes all the time. */
export class FakeEnsemble implements Stage {
  readonly peers = new Map<number, QuorumPeer>();
  readonly metrics = new Map<number, Metrics>();
  writes = 0;
  private strangers = 0;
  private client: WireClient | null = null;

  private constructor(readonly world: World) {}

  static async start(seed: number): Promise<FakeEnsemble> {
    const ensemble = new FakeEnsemble(new World(seed));
    for (const sid of SIDS) {
      const { config, faults } = await loadText(CONFIG, { files: { '/data/myid': `${sid}\n` } });
      assert.ok(config, JSON.stringify(faults));
      const metrics = new Metrics();
      const peer = new QuorumPeer(ensemble.host(sid), config, metrics);
      ensemble.peers.set(sid, peer);
      ensemble.metrics.set(sid, metrics);
    }
    const { world } = ensemble;
    // The others elect one of themselves when server 3 listens too late.
    const [first, second, third] = [...ensemble.peers.values()];
    await world.settle(Promise.resolve(third?.start()));
    await world.settle(Promise.all([first?.start(), second?.start()]));
    await world.until(() => ensemble.leads());
    // UPTODATE is on its way.
    await world.run(50);
    await ensemble.beginToWrite();
    return ensemble;
  }

  host(sid: number): FakeHost {
    return this.world.host(`s${sid}`);
  }

  private leads(): boolean {
    const states = SIDS.map((sid) => this.peers.get(sid)?.state());
    return (
      states.join() === 'FOLLOWING,FOLLOWING,LEADING' &&
      [1, 2].every((sid) => this.peers.get(3)?.learners.some((learner) => learner.sid === sid && learner.isLive))
    );
  }

  async connect(sid: number, from = 'client'): Promise<WireClient> {
    const dialling = this.world.host(from).network.dial({ host: `s${sid}`, port: PORTS.client }, 1000);
    const client = WireClient.over(hostTransport(await this.world.settle(dialling)));
    await this.world.settle(client.open({ timeoutMs: 5000 }));
    return client;
  }

  private async beginToWrite(): Promise<void> {
    const client = await this.connect(1, 'good-client');
    this.client = client;
    await this.world.settle(client.create('/good', Buffer.from('0')));
    const writeNext = (): void => {
      client.setData('/good', Buffer.from(String(this.writes + 1))).then(
        () => {
          this.writes++;
          this.world.host('good-client').clock.after(20, writeNext);
        },
        () => undefined,
      );
    };
    writeNext();
  }

  /** The good client still writes over the connection that it began with, and everybody has the same role as before. */
  async assertUnharmed(): Promise<void> {
    const before = this.writes;
    await this.until('writes go on', () => this.writes > before + 2);
    assert.equal(this.client?.isClosed, false);
    assert.ok(this.leads());
    assert.equal(this.peers.get(3)?.election?.trace.elections.length, 1, 'there was another election');
  }

  // --- Stage

  /** A stranger at this server, from a machine of its own unless one is named. */
  async dialServer(sid: number, port: PortName, machine = `stranger${this.strangers++}`): Promise<FakeLine> {
    const { network } = this.world.host(machine);
    const socket = await this.world.settle(network.dial({ host: `s${sid}`, port: PORTS[port] }, 1000));
    return new FakeLine(this.world.network.addressOf(machine), socket);
  }

  dial({ at, port }: BadCase): Promise<Line> {
    return this.dialServer(at === 'follower' ? 2 : 3, port);
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = this.world.nowMs + 20_000;
    while (!(await condition())) {
      if (this.world.nowMs > endMs) throw new Error(`${what}: not within 20 s`);
      await this.world.run(5);
    }
  }

  async pause(durationMs: number): Promise<void> {
    await this.world.run(durationMs);
  }

  log({ at }: BadCase): Promise<readonly LogLine[]> {
    return Promise.resolve(this.logOf(at === 'follower' ? 2 : 3));
  }

  logOf(sid: number): LogLine[] {
    return this.host(sid)
      .log.atLeast('info')
      .map(({ level, message, fields }) => ({
        level,
        message,
        code: String(fields['code']),
        text: `${message} ${JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
      }));
  }
}
