import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import type { BadCase, PortName } from './cases.js';
import type { Line, LogLine, Stage } from './stage.js';

const LIMIT_MS = 60_000;

/** A stranger on a real socket. */
export class RealLine implements Line {
  heard = Buffer.alloc(0);
  closed = false;

  private constructor(
    readonly address: string,
    private readonly socket: Socket,
  ) {
    socket.on('data', (chunk) => (this.heard = Buffer.concat([this.heard, chunk])));
    for (const event of ['end', 'close', 'error'] as const) socket.on(event, () => (this.closed = true));
  }

  static async dial(port: number, address: string): Promise<RealLine> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: address, allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RealLine(address, socket);
  }

  send(bytes: Buffer): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** What a process holds. */
export interface Footprint {
  readonly residentBytes: number;
  readonly openFiles: number;
}

export async function footprintOf(member: Member): Promise<Footprint> {
  const pid = member.process?.pid ?? 0;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const residentBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  return { residentBytes, openFiles: (await readdir(`/proc/${pid}/fd`)).length };
}

/** Three real servers on loopback, of which server 3 leads, and a client that writes all the time. */
export class RealEnsemble implements Stage {
  writes = 0;
  private strangers = 0;
  private client: WireClient | null = null;
  private isOver = false;

  private constructor(readonly ensemble: Ensemble) {}

  static async start(): Promise<RealEnsemble> {
    const ensemble = await Ensemble.create({
      config: { tickTime: 300, initLimit: 10, syncLimit: 5, maxClientCnxns: 100, 'nio.sessionlessCnxnTimeout': 1500 },
    });
    const real = new RealEnsemble(ensemble);
    // Server 3 is there first, so that it leads.
    for (const sids of [[3, 2], [1]]) {
      for (const sid of sids) await ensemble.member(sid).start();
      await Promise.all(sids.map((sid) => ensemble.member(sid).serving()));
    }
    assert.equal(await ensemble.member(3).mode(), 'leader');
    await real.beginToWrite();
    return real;
  }

  private async beginToWrite(): Promise<void> {
    const client = await WireClient.connect(this.ensemble.member(1).clientPort);
    this.client = client;
    await client.create('/good', Buffer.from('0'));
    const write = async (): Promise<void> => {
      while (!this.isOver) {
        await client.setData('/good', Buffer.from(String(this.writes + 1)));
        this.writes++;
        await delay(5);
      }
    };
    write().catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    this.client?.destroy();
    await this.ensemble.remove();
  }

  /** The good client still writes over the connection that it began with, and everybody has the same role as before. */
  async assertUnharmed(): Promise<void> {
    const before = this.writes;
    await this.until('writes go on', () => this.writes > before + 2);
    assert.equal(this.client?.isClosed, false);
    const modes = await Promise.all([1, 2, 3].map((sid) => this.ensemble.member(sid).mode()));
    assert.deepEqual(modes, ['follower', 'follower', 'leader']);
    for (const sid of [1, 2, 3]) {
      const log = await this.logOf(sid);
      assert.equal(log.filter(({ code }) => code === 'ZAB_ESTABLISHED').length, sid === 3 ? 1 : 0);
    }
  }

  member(bad: Pick<BadCase, 'at'>): Member {
    return this.ensemble.member(bad.at === 'follower' ? 2 : 3);
  }

  async portOf(member: Member, port: PortName): Promise<number> {
    if (port === 'client') return member.clientPort;
    const config = await readFile(member.configFile, 'utf8');
    const [, quorum, election] = new RegExp(`^server\\.${member.sid}=[^:]*:(\\d+):(\\d+)`, 'm').exec(config) ?? [];
    return Number(port === 'quorum' ? quorum : election);
  }

  footprint(sid: number): Promise<Footprint> {
    return footprintOf(this.ensemble.member(sid));
  }

  /** A number of `mntr`. */
  async metric(sid: number, name: string): Promise<number> {
    const text = await fourLetter(this.ensemble.member(sid).clientPort, 'mntr');
    return Number(new RegExp(`^zk_${name}\t(.*)$`, 'm').exec(text)?.[1]);
  }

  // --- Stage

  async dial(bad: BadCase): Promise<Line> {
    const address = `127.0.1.${++this.strangers}`;
    return RealLine.dial(await this.portOf(this.member(bad), bad.port), address);
  }

  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, LIMIT_MS, async () => condition());
  }

  async pause(durationMs: number): Promise<void> {
    await delay(durationMs);
  }

  log(bad: BadCase): Promise<readonly LogLine[]> {
    return this.logOf(this.member(bad).sid);
  }

  async logOf(sid: number): Promise<LogLine[]> {
    const lines = (await this.ensemble.member(sid).log()).split('\n').filter((line) => line.startsWith('{'));
    return lines.map((text) => {
      const { level, code, message } = JSON.parse(text) as Record<string, unknown>;
      return { level: String(level), code: String(code), message: String(message), text };
    });
  }
}
