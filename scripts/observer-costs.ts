// What a commit costs a leader with 1 to 1,000 observers: processor time and bytes sent. The leader is a real process; the
// observers are simulated: connections that speak the protocol of a learner and read what comes, in another process.
//
//   npm run build && npx tsx scripts/observer-costs.ts             1, 10, 100 and 1,000 observers
//   npx tsx scripts/observer-costs.ts --observers 1,50 --writes 500
//
// With --voters all servers are simulated, in one process for each row (scripts/voter-costs.ts); medians of so many rounds.
//
//   npx tsx scripts/observer-costs.ts --voters 3,5,7 --observers 0,1,5,10,20 --rounds 3 [--json]
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { JuteWriter } from '../src/jute/index.js';
import { PacketType, writeLearnerInfo, writeQuorumPacket } from '../src/protocol/index.js';
import { PacketReader } from '../src/zab/packet-reader.js';
import { Ensemble } from '../test/support/ensemble.js';
import { eventually } from '../test/support/eventually.js';
import { fourLetter } from '../test/support/four-letter.js';
import { WireClient } from '../test/support/wire-client.js';
import { simulate, tableOf } from './voter-costs.js';

const DATA_BYTES = 100;
const DEPTH = 16;
const TICKS_PER_S = 100;
const MAX_PACKET_BYTES = 1 << 24;
const FIRST_SID = 1000;
const AT_ONCE = 50;

/** An observer that keeps nothing. */
class Observer {
  bytes = 0;
  informs = 0;
  isLive = false;
  private readonly reader = new PacketReader(MAX_PACKET_BYTES);
  private readonly socket: Socket;
  private skipsImage = false;

  constructor(
    private readonly sid: number,
    port: number,
  ) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.socket.once('connect', () => {
      const w = new JuteWriter(20);
      writeLearnerInfo(w, { serverId: this.sid, protocolVersion: 0x10000, configVersion: 0 });
      this.send(PacketType.observerInfo, 0, w.take(0));
    });
    this.socket.on('data', (chunk: Buffer) => this.read(chunk));
    this.socket.on('error', () => undefined);
  }

  end(): void {
    this.socket.destroy();
  }

  private send(type: number, zxid: number, data: Buffer | null): void {
    const w = new JuteWriter(64);
    writeQuorumPacket(w, { type, zxid, data, authinfo: null });
    this.socket.write(w.take(0));
  }

  private read(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.reader.push(chunk);
    for (;;) {
      if (this.skipsImage && !this.skipImage()) return;
      const packet = this.reader.take();
      if (packet === null) return;
      this.handle(packet.type, packet.zxid);
    }
  }

  private skipImage(): boolean {
    for (let raw = this.reader.takeRaw(); raw !== null; raw = this.reader.takeRaw()) {
      const at = raw.indexOf('BenWasHere');
      if (at < 0) continue;
      this.reader.unread(raw.subarray(at + 10));
      this.skipsImage = false;
      return true;
    }
    return false;
  }

  private handle(type: number, zxid: number): void {
    switch (type) {
      case PacketType.leaderInfo: {
        const epoch = Buffer.alloc(4);
        epoch.writeInt32BE(-1);
        this.send(PacketType.ackEpoch, -1, epoch);
        return;
      }
      case PacketType.snap:
        this.skipsImage = true;
        return;
      case PacketType.newLeader:
        this.send(PacketType.ack, zxid, null);
        return;
      case PacketType.upToDate:
        this.isLive = true;
        return;
      case PacketType.inform:
        this.informs++;
        return;
      case PacketType.ping:
        this.send(PacketType.ping, zxid, Buffer.alloc(0));
        return;
      default:
    }
  }
}

/** User and system time of a process so far, in milliseconds. */
function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_S;
}

async function write(client: WireClient, count: number): Promise<void> {
  let left = count;
  const data = Buffer.alloc(DATA_BYTES, 0x61);
  await Promise.all(
    Array.from({ length: DEPTH }, async () => {
      while (left-- > 0) await client.setData('/n', data);
    }),
  );
}

interface Row {
  readonly observers: number;
  readonly cpuUs: number;
  readonly bytes: number;
  readonly writesPerS: number;
}

async function measure(count: number, writes: number): Promise<Row> {
  const observers = Array.from({ length: count }, (_, i) => i + 1 + FIRST_SID);
  const ensemble = await Ensemble.create({ config: { tickTime: 2000 } });
  const learners: Observer[] = [];
  try {
    const settings = Object.fromEntries(
      observers.map((sid) => [`server.${sid}`, `127.0.0.1:${20_000 + sid}:${40_000 + sid}:observer`]),
    );
    for (const member of ensemble.members) {
      await member.configure({
        ...settings,
        'leader.maxConcurrentSnapSyncs': 10_000,
        'leader.maxConcurrentDiffSyncs': 10_000,
      });
    }
    await ensemble.start();
    const leader = await ensemble.leader();
    const [, port = '0'] = new RegExp(`^server\\.${leader.sid}=[^:]+:(\\d+)`, 'm').exec(await leader.config()) ?? [];
    const client = await WireClient.connect(leader.clientPort);
    await client.create('/n');
    // Not all at once: a leader keeps only so many connections of learners that have not said who they are.
    for (let from = 0; from < observers.length; from += AT_ONCE) {
      for (const sid of observers.slice(from, from + AT_ONCE)) learners.push(new Observer(sid, Number(port)));
      await eventually('these observers are synchronized', 60_000, () =>
        Promise.resolve(learners.every(({ isLive }) => isLive)),
      );
    }
    await eventually('all observers are served', 120_000, async () => {
      const [, live] = /^zk_synced_observers\t(\d+)/m.exec(await fourLetter(leader.clientPort, 'mntr')) ?? [];
      return learners.every(({ isLive }) => isLive) && Number(live) === count;
    });
    await write(client, Math.ceil(writes / 4));
    const pid = leader.process?.pid ?? 0;
    const [cpuBefore, bytesBefore, began] = [cpuMs(pid), sum(learners), performance.now()];
    await write(client, writes);
    const tookS = (performance.now() - began) / 1000;
    const all = Math.ceil(writes / 4) + writes;
    await eventually('all is told', 60_000, () => Promise.resolve(learners.every(({ informs }) => informs >= all)));
    return {
      observers: count,
      cpuUs: ((cpuMs(pid) - cpuBefore) * 1000) / writes,
      bytes: (sum(learners) - bytesBefore) / writes,
      writesPerS: writes / tookS,
    };
  } finally {
    for (const learner of learners) learner.end();
    await ensemble.remove();
  }
}

function sum(learners: readonly Observer[]): number {
  return learners.reduce((total, { bytes }) => total + bytes, 0);
}

const { values } = parseArgs({
  options: {
    voters: { type: 'string' },
    observers: { type: 'string' },
    writes: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const numbers = (list: string): readonly number[] => list.split(',').map(Number);

async function measureReal(counts: readonly number[], writes: number): Promise<void> {
  console.log(`| observers | leader CPU a commit | bytes a commit to observers | writes a second |`);
  console.log(`| --------: | ------------------: | --------------------------: | --------------: |`);
  for (const count of counts) {
    const { bytes, cpuUs, observers, writesPerS } = await measure(count, writes);
    const told = Math.round(bytes).toLocaleString('en-US');
    console.log(`| ${observers} | ${Math.round(cpuUs)} µs | ${told} | ${Math.round(writesPerS)} |`);
  }
}

if (values.voters === undefined) {
  await measureReal(numbers(values.observers ?? '1,10,100,1000'), Number(values.writes ?? 4000));
} else {
  const observers = numbers(values.observers ?? '0,1,5,10,20');
  const costs = simulate(numbers(values.voters), observers, Number(values.writes ?? 100), Number(values.rounds));
  console.log(values.json ? JSON.stringify(costs) : tableOf(costs));
}
