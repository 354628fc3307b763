// What a commit costs a leader with more voters and observers, by simulation: production servers on simulated machines (test/fakes),
// where each event is known to be of one machine, so that what the leader computes can be told from what the others do. There are
// no sockets in it: a message costs a real leader some microseconds of system time more.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PacketReader } from '../src/zab/packet-reader.js';
import { FakeSocket } from '../test/fakes/fake-socket.js';
import { Gate, Scheduler } from '../test/fakes/scheduler.js';
import { machineName } from '../test/sim/settings.js';
import { patch } from '../test/sim/taps.js';
import { SHORT, WholeServers } from '../test/sim/whole-servers.js';
import type { WireClient } from '../test/support/wire-client.js';

const DATA_BYTES = 100;
const DEPTH = 16;
const WINDOWS = 100;
const WARM_WINDOWS = 40;
const QUORUM_PORT = 2888;
const MAX_PACKET_BYTES = 1 << 24;

/** What a commit costs. Messages are packets between the leader and the other servers. */
interface Costs {
  readonly voters: number;
  readonly observers: number;
  /** Of the leader: microseconds of computing, the client's request and answer with it. */
  readonly cpuUs: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly messagesOut: number;
  readonly messagesIn: number;
}

/** Sums up how long the turns of one machine take: its event and all that it makes ready, not what carries bytes on. */
class TurnTimer {
  totalMs = 0;
  private beganMs = 0;
  private isOn = false;

  constructor(machine: string, gate: Gate) {
    const begin = (): void => this.begin();
    const end = (): void => this.end();
    for (const name of ['fire', 'endTurn']) {
      patch(Scheduler.prototype, name, (original) => {
        return function (this: object, ...args) {
          end();
          return original.apply(this, args);
        };
      });
    }
    patch(Gate.prototype, 'pass', (original) => {
      return function (this: object, ...args) {
        if (this === gate) begin();
        return original.apply(this, args);
      };
    });
    patch(FakeSocket.prototype, 'deliver', (original) => {
      return function (this: object, ...args) {
        if ((this as FakeSocket).node.name === machine) begin();
        return original.apply(this, args);
      };
    });
  }

  begin(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.beganMs = performance.now();
  }

  end(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.totalMs += performance.now() - this.beganMs;
  }
}

/** Counts what the leader and its learners say to each other, until `stop`. */
class Traffic {
  readonly sent = { bytes: 0, messages: 0 };
  readonly received = { bytes: 0, messages: 0 };
  private readonly readers = new Map<FakeSocket, PacketReader>();
  readonly stop: () => void;

  constructor(machine: string) {
    const note = (socket: FakeSocket, bytes: Buffer): void => {
      if (socket.local.port === QUORUM_PORT && socket.node.name === machine) this.count(this.sent, socket, bytes);
      if (socket.remote.port === QUORUM_PORT && socket.peer.node.name === machine) {
        this.count(this.received, socket, bytes);
      }
    };
    this.stop = patch(FakeSocket.prototype, 'write', (original) => {
      return function (this: object, ...args) {
        note(this as FakeSocket, args[0] as unknown as Buffer);
        return original.apply(this, args);
      };
    });
  }

  private count(to: { bytes: number; messages: number }, socket: FakeSocket, bytes: Buffer): void {
    let reader = this.readers.get(socket);
    if (reader === undefined) this.readers.set(socket, (reader = new PacketReader(MAX_PACKET_BYTES)));
    reader.push(Buffer.from(bytes));
    while (reader.take() !== null) to.messages++;
    to.bytes += bytes.length;
  }
}

async function write(client: WireClient, count: number): Promise<void> {
  let left = count;
  const data = Buffer.alloc(DATA_BYTES, 0x61);
  const one = async (): Promise<void> => {
    while (left-- > 0) await client.setData('/n', data);
  };
  await Promise.all(Array.from({ length: DEPTH }, one));
}

async function measure(voterCount: number, observerCount: number, writes: number): Promise<Costs> {
  const sids = Array.from({ length: voterCount + observerCount }, (_, i) => i + 1);
  const [voters, observers] = [sids.slice(0, voterCount), sids.slice(voterCount)];
  const limits = { snapCount: 10_000_000, commitLogCount: 500, tickTimeMs: 2000 };
  const servers = new WholeServers('costs', { ...SHORT, ...limits, voters, observers });
  servers.world.network.chopOneIn = 0;
  for (const sid of sids) await servers.boot(sid);
  await servers.serving(...sids);
  const leader = voters.find((sid) => servers.isLeader(sid)) ?? 0;
  const machine = machineName(leader);
  const client = await servers.client(leader);
  const drive = <T>(promise: Promise<T>): Promise<T> => servers.world.settle(promise, 3_600_000);
  await drive(client.create('/n'));
  await drive(write(client, writes));

  const traffic = new Traffic(machine);
  await drive(write(client, writes));
  await servers.world.run(100);
  traffic.stop();

  const timer = new TurnTimer(machine, servers.world.host(machine).clock.gate);
  const costsUs: number[] = [];
  for (let window = 0; window < WARM_WINDOWS + WINDOWS; window++) {
    const beforeMs = timer.totalMs;
    await drive(write(client, writes));
    costsUs.push(((timer.totalMs - beforeMs) * 1000) / writes);
  }
  const { received, sent } = traffic;
  return {
    voters: voterCount,
    observers: observerCount,
    cpuUs: Math.min(...costsUs.slice(WARM_WINDOWS)),
    bytesOut: Math.round(sent.bytes / writes),
    bytesIn: Math.round(received.bytes / writes),
    messagesOut: sent.messages / writes,
    messagesIn: received.messages / writes,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** The medians of several processes. */
function measureApart(point: readonly [number, number, number], rounds: number): Costs {
  const words = ['--max-semi-space-size=4', '--import', 'tsx', fileURLToPath(import.meta.url), ...point.map(String)];
  const all = Array.from(
    { length: rounds },
    () => JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) as Costs,
  );
  const middle = (figure: keyof Costs): number => median(all.map((costs) => costs[figure]));
  return {
    voters: point[0],
    observers: point[1],
    cpuUs: +middle('cpuUs').toPrecision(3),
    bytesOut: middle('bytesOut'),
    bytesIn: middle('bytesIn'),
    messagesOut: middle('messagesOut'),
    messagesIn: middle('messagesIn'),
  };
}

/** All pairs of these numbers, each in processes of its own. */
export function simulate(
  voters: readonly number[],
  observers: readonly number[],
  writes: number,
  rounds: number,
): readonly Costs[] {
  return voters.flatMap((voterCount) =>
    observers.map((observerCount) => measureApart([voterCount, observerCount, writes], rounds)),
  );
}

export function tableOf(costs: readonly Costs[]): string {
  const heads = ['voters', 'observers', 'leader CPU us', 'bytes out', 'bytes in', 'messages out', 'messages in'];
  const rows = costs.map((one) => [
    one.voters,
    one.observers,
    one.cpuUs,
    one.bytesOut,
    one.bytesIn,
    one.messagesOut,
    one.messagesIn,
  ]);
  const line = (cells: readonly (number | string)[]): string => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---:')), ...rows.map(line)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [voters = 3, observers = 0, writes = 100] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await measure(voters, observers, writes)));
  process.exit();
}
