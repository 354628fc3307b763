import type { Socket } from '../../src/host/index.js';
import { encodeToBuffer, JuteReader } from '../../src/jute/index.js';
import { readConnectRequest, writeConnectResponse, writeReplyHeader } from '../../src/protocol/index.js';
import { type ClientOptions, FrameSplitter, type SessionEvent, ZooKeeperClient } from '../../src/zk-client/index.js';
import type { World } from '../fakes/index.js';
import { frameOf } from '../support/wire-client.js';

/** A client on the machine `client` of a world; `events` fills with what happens to its session. */
export function clientIn(world: World, servers: string, options: ClientOptions = {}) {
  const events: SessionEvent[] = [];
  const client = new ZooKeeperClient(servers, {
    sessionTimeoutMs: 6000,
    ...options,
    world: world.host('client'),
    onSession: (event) => events.push(event),
  });
  return { client, events };
}

interface Asked {
  readonly xid: number;
  readonly type: number;
  readonly body: Buffer;
}

/** A server that says what a test makes it say. */
export class ScriptedServer {
  readonly asked: Asked[] = [];
  readonly sessions: bigint[] = [];
  /** The last connection. */
  socket: Socket | null = null;
  readOnly = false;
  /** Four-letter words are answered with this. */
  word = 'rw';
  /** Refuses sessions: they have expired. */
  expires = false;
  answer: (asked: Asked) => Buffer | null = ({ xid }) => replyOf(xid, 0);

  static async start(world: World, name: string): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    const listening = world
      .host(name)
      .network.listen({ endpoint: { host: name, port: 2181 } }, (socket) => server.accept(socket));
    await world.settle(listening);
    return server;
  }

  private accept(socket: Socket): void {
    const splitter = new FrameSplitter(1 << 20);
    let isOpen = false;
    socket.start({
      onData: (chunk) => {
        if (!isOpen && chunk.toString('latin1') === 'isro') {
          socket.write(Buffer.from(this.word));
          socket.end();
          return;
        }
        splitter.push(chunk, (bytes, start, end) => {
          const frame = Buffer.from(bytes.subarray(start, end));
          if (isOpen) this.onFrame(socket, frame);
          else this.greet(socket, frame);
          isOpen = true;
        });
      },
      onEnd: () => socket.end(),
      onDrain: () => undefined,
      onClose: () => undefined,
    });
  }

  private greet(socket: Socket, frame: Buffer): void {
    this.socket = socket;
    const request = readConnectRequest(new JuteReader(frame));
    this.sessions.push(request.sessionId);
    const response = {
      protocolVersion: 0,
      timeoutMs: this.expires ? 0 : request.timeoutMs,
      sessionId: this.readOnly ? 99n : 5n,
      password: Buffer.alloc(16, 1),
      readOnly: this.readOnly,
    };
    socket.write(frameOf(encodeToBuffer((w) => writeConnectResponse(w, response, true))));
  }

  private onFrame(socket: Socket, frame: Buffer): void {
    const asked = { xid: frame.readInt32BE(0), type: frame.readInt32BE(4), body: frame.subarray(8) };
    this.asked.push(asked);
    const answer = this.answer(asked);
    if (answer !== null) socket.write(answer);
  }
}

export function replyOf(xid: number, err: number, body = Buffer.alloc(0)): Buffer {
  const head = encodeToBuffer((w) => writeReplyHeader(w, xid, 1, err));
  return frameOf(Buffer.concat([head, body]));
}
