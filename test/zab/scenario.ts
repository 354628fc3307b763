import assert from 'node:assert/strict';
import type { Socket, SocketHandler } from '../../src/host/index.js';
import { encodeToBuffer, JuteWriter } from '../../src/jute/index.js';
import { OpCode, PacketType, writeQuorumPacket } from '../../src/protocol/index.js';
import type { DatabaseOptions } from '../../src/storage/index.js';
import { Leader, type VoterWord, type ZabOptions } from '../../src/zab/index.js';
import { PacketReader } from '../../src/zab/packet-reader.js';
import type { FakeHost } from '../fakes/index.js';
import { World } from '../fakes/index.js';
import { hostName, membership, QUORUM_PORT, ZabServer } from './harness.js';
import { parsePacket, showPacket } from './packet-text.js';
import { history, showZxid, zxid } from './zxids.js';

/**
 * One server of ours (id 1) and hand-made others, in the words of a script. A step a line:
 *
 *     1 leads | 1 follows 2 | 1 observes 2 | 1 hands over | 1 stops | 1 restarts | 1 loses power
 *     1 follows 2 unheard    nobody listens yet; then: 2 listens
 *     2 > PACKET             server 2 sends it (its first packet connects, or takes the connection ours made)
 *     2 > image 1:1-3        the image of a tree with that history, and the signature
 *     2 > unsigned image 1:1 the same with something else behind it
 *     2 > bytes 474554       anything
 *     2 < PACKET             the next packet that server 2 gets; pings are passed over and answered
 *     2 < image              an image and its signature
 *     2 < nothing            nothing comes within 40 ms (pings not counted)
 *     2 < closed             the connection ends
 *     2 > close              server 2 closes it
 *     2 is mute              server 2 answers no pings any more
 *     write a, write b       clients of ours write
 *     sync s                 a client of ours syncs
 *     comes 7                a client comes to us with session 7
 *     makes 7                a client of ours makes session 7
 *     answered a             that write or sync is answered
 *     not answered a
 *     applied 2:1            the newest applied zxid becomes that one
 *     not applied 2:1        it does not, within 40 ms
 *     logged 2:1             the newest logged zxid
 *     epochs 1 2             currentEpoch 1, acceptedEpoch 2, on disk and in memory
 *     history a b            names of the tree's nodes in the order of their zxids
 *     mismatches 1           so many digests were found wrong since the server started
 *     disk hangs | disk works | disk takes 200 (milliseconds for a sync)
 *     wait 500               milliseconds
 *     config established 2   what the reconfiguration hook was told last
 *     serving | not serving
 *     event touch 7 4000     the pipeline was told
 *     not event touch 7 4000 it was not, within 40 ms
 *     ends CODE              the role ends
 *     says WORDS             they are in the log
 *     warns WORDS            the same, as a warning or worse
 *     said 2 WORDS           they are in so many of its lines, debug not counted
 *     voter 2 looks          the election reports it
 *     voter 2 prefers 3      the same, with a better vote than ours
 *     voter 2 follows 3      the same of one that has a leader
 */
export interface Scenario {
  readonly name: string;
  readonly voters?: readonly number[];
  readonly observers?: readonly number[];
  /** Where server 1 follows, it serves observers; they come to its quorum port, which is free then. */
  readonly servesObservers?: boolean;
  /** Where server 1 observes, the follower to which it goes instead of to the leader. */
  readonly masterSid?: number;
  /** Own transactions before the beginning; words behind `dead` create other paths than those without. */
  readonly history?: string;
  readonly dead?: string;
  /** currentEpoch and acceptedEpoch; by default the epoch of the last zxid. */
  readonly epochs?: readonly [current: number, accepted: number];
  readonly options?: Partial<ZabOptions>;
  readonly storage?: Partial<DatabaseOptions>;
  readonly steps: string;
}

const PAUSE_MS = 40;

/** The other end of one connection. */
class Wire implements SocketHandler {
  readonly lines: string[] = [];
  closed = false;
  mute = false;
  pings = 0;
  private readonly reader = new PacketReader(1 << 20);
  private image: Buffer | null = null;

  constructor(private readonly socket: Socket) {
    socket.start(this);
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  close(): void {
    this.socket.destroy();
  }

  onData(chunk: Buffer): void {
    this.reader.push(Buffer.from(chunk));
    this.read();
  }

  onEnd(): void {
    this.closed = true;
    this.socket.destroy();
  }

  onDrain(): void {
    // Nothing is held back.
  }

  onClose(): void {
    this.closed = true;
  }

  private read(): void {
    for (;;) {
      if (this.image !== null && !this.readImage()) return;
      const packet = this.reader.take();
      if (packet === null) return;
      if (packet.type === PacketType.ping) {
        this.pings++;
        if (!this.mute) this.send(encodeToBuffer((w) => writeQuorumPacket(w, { ...packet, data: Buffer.alloc(0) })));
      }
      this.lines.push(showPacket(packet));
      if (packet.type === PacketType.snap) this.image = Buffer.alloc(0);
    }
  }

  private readImage(): boolean {
    const chunk = this.reader.takeRaw();
    if (chunk !== null) this.image = Buffer.concat([this.image ?? Buffer.alloc(0), chunk]);
    const end = this.image?.indexOf('\0\0\0\nBenWasHere') ?? -1;
    if (end < 0) return false;
    this.lines.push('image');
    this.reader.unread(this.image?.subarray(end + 14) ?? Buffer.alloc(0));
    this.image = null;
    return true;
  }
}

class Stage {
  server!: ZabServer;
  private readonly wires = new Map<number, Wire>();
  private readonly answers = new Set<string>();
  private readonly leaders = new Set<number>();

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
  ) {}

  async boot(): Promise<void> {
    const { voters = [1, 2, 3], observers = [], options, storage } = this.scenario;
    const verifier = membership(voters, observers);
    this.server = await this.world.settle(ZabServer.boot(this.world, 1, verifier, options, storage));
  }

  async prepare(): Promise<void> {
    await this.boot();
    const { database } = this.server;
    for (const entry of history(this.scenario.history ?? '')) database.append(entry);
    for (const entry of history(this.scenario.dead ?? '', 'dead')) database.append(entry);
    await this.world.settle(database.settle());
    const epoch = Math.floor(database.lastLoggedZxid / 2 ** 32);
    const [current, accepted] = this.scenario.epochs ?? [epoch, epoch];
    await this.world.settle(database.epochs.setAccepted(accepted));
    await this.world.settle(database.epochs.setCurrent(current));
  }

  async step(line: string): Promise<void> {
    const wire = /^(\d) ([<>]) (.*)$/.exec(line);
    if (wire !== null) {
      const [, sid, way, what = ''] = wire;
      if (way === '>') await this.send(Number(sid), what);
      else await this.expect(Number(sid), what);
      return;
    }
    const [first = '', second = '', third = '', fourth = ''] = line.split(/\s+/);
    if (first === '1') await this.role(second, third, fourth);
    else if (second === 'listens') await this.listen(Number(first));
    else if (second === 'is' && third === 'mute') this.wire(Number(first)).mute = true;
    else await this.act(first, line.slice(first.length).trim());
  }

  private async role(what: string, leader: string, how: string): Promise<void> {
    const { world, server } = this;
    switch (what) {
      case 'leads':
        this.mind(server.lead());
        await world.run(PAUSE_MS);
        return;
      case 'follows':
      case 'observes':
        if (how !== 'unheard') await this.listen(Number(leader));
        this.mind(what === 'follows' ? this.follow(Number(leader)) : this.observe(Number(leader)));
        return;
      case 'hands':
        if (server.role instanceof Leader) assert.ok(server.role.handOver('the scenario says so'));
        return;
      case 'stops':
        await world.settle(server.stop());
        return;
      case 'restarts':
        if (server.role !== null) await world.settle(server.stop());
        world.kill(hostName(1));
        await this.boot();
        return;
      case 'loses':
        world.powerOff(hostName(1), 'lose');
        await this.boot();
        return;
      default:
        throw new Error(`server 1 cannot "${what}"`);
    }
  }

  private follow(leader: number): Promise<unknown> {
    const observersOn = this.scenario.servesObservers === true ? [{ host: hostName(1), port: QUORUM_PORT }] : [];
    return this.server.follow(leader, observersOn);
  }

  private observe(leader: number): Promise<unknown> {
    const { masterSid } = this.scenario;
    if (masterSid === undefined) return this.server.observe(leader);
    const addresses = [{ host: hostName(masterSid), port: QUORUM_PORT }];
    return this.server.observe(leader, { sid: masterSid, addresses });
  }

  private mind(end: Promise<unknown>): void {
    end.catch((error: unknown) => {
      this.answers.add(String(error));
    });
  }

  private async act(what: string, rest: string): Promise<void> {
    const { world, server } = this;
    const { database } = server;
    switch (what) {
      case 'write':
        for (const name of rest.split(/,\s*(?:write\s+)?/)) server.pipeline.write(name, () => this.answers.add(name));
        return;
      case 'sync':
        server.pipeline.sync(() => this.answers.add(rest));
        return;
      case 'comes':
        server.pipeline.link?.revalidate(BigInt(rest), 4000);
        return;
      case 'makes': {
        const body = Buffer.from('createSession');
        server.pipeline.link?.forward({ sessionId: BigInt(rest), cxid: 0, type: OpCode.createSession, body, auth: [] });
        return;
      }
      case 'touched':
        for (const one of rest.split(' ')) {
          const [id = '', timeoutMs] = one.split('=');
          server.pipeline.touched.push([BigInt(id), Number(timeoutMs)]);
        }
        return;
      case 'answered':
        await world.until(() => this.answers.has(rest));
        return;
      case 'applied':
        await world.until(() => database.lastAppliedZxid === zxid(rest));
        return;
      case 'logged':
        await world.run(PAUSE_MS);
        assert.equal(showZxid(database.lastLoggedZxid), rest);
        return;
      case 'not':
        await this.not(rest);
        return;
      case 'epochs':
        await world.run(PAUSE_MS);
        this.checkEpochs(rest);
        return;
      case 'history':
        assert.deepEqual(
          server.history().map((line) => line.replace(/^\S+ /, '')),
          rest === '' ? [] : rest.split(/\s+/),
        );
        return;
      case 'mismatches':
        assert.equal(server.metrics.counter('digest_mismatches_count').value, Number(rest));
        return;
      case 'disk':
        if (rest.startsWith('takes')) world.disk(hostName(1)).latencyMs.sync = Number(rest.split(' ')[1]);
        else if (rest === 'hangs') world.disk(hostName(1)).hang('append', 'sync');
        else world.disk(hostName(1)).release();
        return;
      case 'wait':
        await world.run(Number(rest));
        return;
      case 'serving':
        await world.until(() => server.isServing);
        return;
      case 'event':
        await world.until(() => server.pipeline.events.includes(rest));
        return;
      case 'ends':
        await world.until(() => server.lastEnd !== null);
        assert.equal(server.lastEnd?.code, rest, server.lastEnd?.reason);
        return;
      case 'says':
        await world.until(() => this.log().includes(rest));
        return;
      case 'warns': {
        const warnings = this.host(1).log.atLeast('warn');
        assert.ok(
          warnings.some(({ message }) => message.includes(rest)),
          warnings.map(({ message }) => message).join('\n'),
        );
        return;
      }
      case 'said':
        assert.equal(this.saidTimes(rest.replace(/^\d+ /, '')), Number.parseInt(rest));
        return;
      case 'config':
        assert.equal(server.config.at(-1), rest);
        return;
      case 'voter':
        server.leader?.voterLooks(voterWord(rest));
        return;
      default:
        throw new Error(`unknown step "${what} ${rest}"`);
    }
  }

  private async not(rest: string): Promise<void> {
    const [what = '', value = ''] = rest.split(/\s+/);
    await this.world.run(PAUSE_MS);
    if (what === 'answered') assert.equal(this.answers.has(value), false, `${value} was answered`);
    else if (what === 'applied') assert.ok(this.server.database.lastAppliedZxid < zxid(value));
    else if (what === 'event') assert.equal(this.server.pipeline.events.includes(rest.slice(6)), false, rest);
    else if (what === 'serving') assert.equal(this.server.isServing, false);
    else throw new Error(`unknown step "not ${rest}"`);
  }

  private checkEpochs(rest: string): void {
    const { epochs } = this.server.database;
    const read = (name: string) => this.world.disk(hostName(1)).peek(`/data/version-2/${name}`)?.toString();
    assert.equal(`${epochs.current} ${epochs.accepted}`, rest);
    assert.equal(`${read('currentEpoch')} ${read('acceptedEpoch')}`, rest);
  }

  // --- the others

  log(): string {
    return this.host(1).log.text();
  }

  private saidTimes(words: string): number {
    return this.host(1)
      .log.atLeast('info')
      .filter(({ message }) => message.includes(words)).length;
  }

  private host(sid: number): FakeHost {
    return this.world.host(hostName(sid));
  }

  private wire(sid: number): Wire {
    const wire = this.wires.get(sid);
    if (wire === undefined) throw new Error(`server ${sid} is not connected`);
    return wire;
  }

  private async listen(sid: number): Promise<void> {
    if (this.leaders.has(sid)) return;
    this.leaders.add(sid);
    const endpoint = { host: hostName(sid), port: QUORUM_PORT };
    await this.world.settle(
      this.host(sid).network.listen({ endpoint }, (socket) => {
        const wire = new Wire(socket);
        wire.mute = true;
        this.wires.set(sid, wire);
      }),
    );
  }

  private async send(sid: number, what: string): Promise<void> {
    const [kind = '', ...rest] = what.split(' ');
    if (kind === 'close') {
      this.wire(sid).close();
      this.wires.delete(sid);
      return;
    }
    if (/^(FOLLOWER|OBSERVER)INFO$/.test(kind) || (kind === 'bytes' && !this.wires.has(sid))) await this.connect(sid);
    if (kind === 'bytes') this.wire(sid).send(Buffer.from(rest.join(''), 'hex'));
    else if (kind === 'image') this.wire(sid).send(await this.image(rest.join(' '), true));
    else if (kind === 'unsigned') this.wire(sid).send(await this.image(rest.slice(1).join(' '), false));
    else this.wire(sid).send(encodeToBuffer((w) => writeQuorumPacket(w, parsePacket(what))));
  }

  private async connect(sid: number): Promise<void> {
    const target = { host: hostName(1), port: QUORUM_PORT };
    this.wires.set(sid, new Wire(await this.world.settle(this.host(sid).network.dial(target, 1000))));
  }

  /** What a leader with this history sends behind SNAP. */
  private async image(text: string, isSigned: boolean): Promise<Buffer> {
    const other = await this.world.settle(ZabServer.boot(this.world, 8, membership([8])));
    for (const entry of history(text)) other.database.append(entry);
    await this.world.settle(other.database.settle());
    const source = other.database.beginSnapshotSend();
    const w = new JuteWriter();
    while (source.write(w, 100));
    source.close();
    w.string(isSigned ? 'BenWasHere' : 'HeWasThere');
    this.world.powerOff(hostName(8));
    return w.take();
  }

  private async expect(sid: number, what: string): Promise<void> {
    const { world } = this;
    if (what === 'nothing' && !this.wires.has(sid)) return;
    if (!this.wires.has(sid)) await world.until(() => this.wires.has(sid));
    const wire = this.wire(sid);
    const passOver = (): void => {
      while (!what.startsWith('PING') && wire.lines[0]?.startsWith('PING') === true) wire.lines.shift();
    };
    if (what === 'nothing') {
      await world.run(PAUSE_MS);
      passOver();
      assert.deepEqual(wire.lines, []);
      return;
    }
    await world.until(() => {
      passOver();
      return wire.lines.length > 0 || wire.closed;
    });
    if (what === 'closed') {
      assert.deepEqual(wire.lines, []);
      this.wires.delete(sid);
      return;
    }
    assert.equal(wire.lines.shift() ?? 'closed', what);
  }
}

/** Plays a scenario to its end; the error of a failed step names its line. */
export async function play(scenario: Scenario, seed = 1): Promise<ZabServer> {
  const stage = new Stage(new World(seed), scenario);
  await stage.prepare();
  for (const [at, raw] of scenario.steps.split('\n').entries()) {
    const line = (raw.split('#')[0] ?? '').trim();
    if (line === '') continue;
    try {
      await stage.step(line);
    } catch (error) {
      const log = stage.log().split('\n').slice(-12).join('\n');
      throw new Error(`line ${at + 1}, "${line}": ${error instanceof Error ? error.message : String(error)}\n${log}`, {
        cause: error,
      });
    }
  }
  return stage.server;
}

/** `2 looks`, `2 prefers 3`, `2 follows 3` */
function voterWord(text: string): VoterWord {
  const [sid = '', how = '', leader = sid] = text.split(' ');
  return { sid: Number(sid), leader: Number(leader), isSettled: how === 'follows', outbids: how === 'prefers' };
}
