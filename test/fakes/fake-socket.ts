import {
  type Endpoint,
  NetworkError,
  type Socket,
  type SocketHandler,
  type SocketSecurity,
} from '../../src/host/index.js';
import type { FakeNetwork, NetworkNode } from './fake-network.js';

/** `write` returns false from here on; the real socket's mark is of the same size. */
const HIGH_WATER_BYTES = 64 * 1024;
/** What the network takes before the reader has read it: both kernels' socket buffers. */
const WINDOW_BYTES = 256 * 1024;
/** What a handler finds in a chunk that it kept too long. */
const POISON = 0xdb;

const FIN = Symbol('fin');
const RST = Symbol('rst');
const OPEN = Symbol('open');
type Packet = readonly Buffer[] | typeof FIN | typeof RST | typeof OPEN;

/** One end of a simulated connection. What it sends travels on `wire`, in order, whatever the link does. */
export class FakeSocket implements Socket {
  closed = false;
  bufferedBytes = 0;
  security: SocketSecurity | null = null;
  /** The client's end learns here that the server accepted. */
  onOpen: (() => void) | null = null;
  /** Set by `connectPair` before anything happens. */
  peer: FakeSocket = this;
  private handler: SocketHandler | null = null;
  // sending
  private outgoing: Buffer[] = [];
  private unreadBytes = 0;
  private needsDrain = false;
  private pumpPending = false;
  private ending = false;
  private finSent = false;
  private readonly wire: Packet[] = [];
  private lastArrivalMs = 0;
  // receiving
  private inbox: Buffer[] = [];
  private finReceived = false;
  private endTold = false;
  private paused = false;
  private deliveryPending = false;
  private closeTold = false;
  private closeReason: Error | undefined;

  constructor(
    private readonly network: FakeNetwork,
    readonly node: NetworkNode,
    private readonly peerNode: NetworkNode,
    readonly local: Endpoint,
    readonly remote: Endpoint,
    /** The node's life when the socket was made; a later life knows nothing of it. */
    private readonly life = node.life,
  ) {
    node.sockets.add(this);
  }

  start(handler: SocketHandler): void {
    this.handler = handler;
    if (this.closed) this.tellClose();
    else this.scheduleDelivery();
  }

  unread(bytes: Buffer): void {
    if (bytes.length > 0) this.inbox.unshift(Buffer.from(bytes));
    this.peer.credit(-bytes.length);
    this.endTold = false;
    this.handler = null;
  }

  write(bytes: Buffer): boolean {
    if (this.closed || this.ending || this.isDead()) return false;
    if (bytes.length > 0) {
      this.outgoing.push(bytes);
      this.bufferedBytes += bytes.length;
      this.schedulePump();
    }
    if (this.bufferedBytes < HIGH_WATER_BYTES) return true;
    this.needsDrain = true;
    return false;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.scheduleDelivery();
  }

  end(): void {
    if (this.closed || this.ending || this.isDead()) return;
    this.ending = true;
    this.schedulePump();
  }

  destroy(reason?: Error): void {
    if (this.closed || this.isDead()) return;
    // A kernel that still holds unread bytes at close answers with a reset, else it ends the direction in good order.
    if (this.inbox.length > 0) this.send(RST);
    else if (!this.finSent) this.send(FIN);
    this.close(reason);
  }

  setNoDelay(): void {
    // Writes of one turn travel together here, and nothing waits for more.
  }

  setKeepAlive(): void {
    // A silent link stays silent; the protocols above have their own pings.
  }

  /** The process is gone: its kernel resets the connection, or with `silent` the whole machine is gone and says nothing. */
  abandon(silent: boolean): void {
    if (this.closed) return;
    this.closed = true;
    this.node.sockets.delete(this);
    if (!silent) this.send(RST);
  }

  /** Both ends break at once, without a word on the wire. */
  breakOff(message: string): void {
    if (this.closed) return;
    this.close(new NetworkError('RESET', message));
  }

  sendOpen(): void {
    this.send(OPEN);
  }

  private isDead(): boolean {
    return this.life !== this.node.life;
  }

  private schedulePump(): void {
    if (this.pumpPending) return;
    this.pumpPending = true;
    this.network.scheduler.atEndOfTurn(this.pump);
  }

  private readonly pump = (): void => {
    this.pumpPending = false;
    if (this.closed) return;
    const { outgoing } = this;
    let taken = 0;
    let takenBytes = 0;
    while (taken < outgoing.length && this.unreadBytes < WINDOW_BYTES) {
      const length = (outgoing[taken] as Buffer).length;
      takenBytes += length;
      this.unreadBytes += length;
      taken++;
    }
    if (taken > 0) {
      this.send(taken === outgoing.length ? outgoing : outgoing.slice(0, taken));
      this.outgoing = taken === outgoing.length ? [] : outgoing.slice(taken);
      this.bufferedBytes -= takenBytes;
    }
    if (this.outgoing.length > 0) return;
    if (this.needsDrain) {
      this.needsDrain = false;
      this.network.scheduler.at(this.network.scheduler.nowMs, this.node.gate, () => {
        if (!this.closed) this.handler?.onDrain();
      });
    }
    if (this.ending && !this.finSent) {
      this.finSent = true;
      this.send(FIN);
      if (this.endTold) this.close(undefined);
    }
  };

  private send(packet: Packet): void {
    this.wire.push(packet);
    this.lastArrivalMs = this.network.carry(this.node, this.peerNode, this.lastArrivalMs, this.arrive);
  }

  /** The oldest packet on the wire reaches the other end. */
  private readonly arrive = (): void => {
    const packet = this.wire.shift();
    if (packet !== undefined) this.peer.receive(packet);
  };

  private receive(packet: Packet): void {
    if (this.isDead() && this.node.power === 'off') return;
    if (this.closed) {
      if (typeof packet !== 'symbol') this.send(RST);
      return;
    }
    if (packet === RST) {
      this.inbox = [];
      this.close(new NetworkError('RESET', `${this.remote.host}:${this.remote.port} reset the connection`));
      return;
    }
    if (packet === OPEN) {
      this.onOpen?.();
      return;
    }
    if (packet === FIN) this.finReceived = true;
    else this.inbox.push(this.network.traced(Buffer.concat(packet)));
    if (this.node.gate.isOpen && this.inbox.length <= 1 && !this.deliveryPending) this.deliver();
    else this.scheduleDelivery();
  }

  private scheduleDelivery(): void {
    if (this.deliveryPending || (this.inbox.length === 0 && !this.finReceived)) return;
    this.deliveryPending = true;
    this.network.scheduler.at(this.network.scheduler.nowMs, this.node.gate, () => {
      this.deliveryPending = false;
      this.deliver();
    });
  }

  /** Hands one chunk (perhaps only a piece of what came) to the owner; more waits for the next event. */
  private deliver(): void {
    const { handler } = this;
    if (handler === null || this.paused || this.closed) return;
    const waiting = this.inbox[0];
    if (waiting !== undefined) {
      const chunk = this.network.chop(waiting);
      if (chunk.length === waiting.length) this.inbox.shift();
      else this.inbox[0] = waiting.subarray(chunk.length);
      this.peer.credit(chunk.length);
      handler.onData(chunk);
      chunk.fill(POISON);
      this.scheduleDelivery();
    } else if (this.finReceived && !this.endTold) {
      this.endTold = true;
      handler.onEnd();
      if (this.finSent) this.close(undefined);
    }
  }

  /** The other end has read so many bytes. */
  private credit(bytes: number): void {
    this.unreadBytes -= bytes;
    if (this.outgoing.length > 0) this.schedulePump();
  }

  private close(reason: Error | undefined): void {
    if (this.closed) return;
    this.closed = true;
    this.closeReason = reason;
    this.outgoing = [];
    this.bufferedBytes = 0;
    this.node.sockets.delete(this);
    this.tellClose();
  }

  private tellClose(): void {
    if (this.closeTold || this.handler === null) return;
    this.closeTold = true;
    this.network.scheduler.at(this.network.scheduler.nowMs, this.node.gate, () => {
      this.handler?.onClose(this.closeReason);
    });
  }
}

/** Makes the two ends know each other. */
export function connectPair(one: FakeSocket, other: FakeSocket): void {
  one.peer = other;
  other.peer = one;
}
