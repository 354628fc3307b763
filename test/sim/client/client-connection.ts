import type { Host, Socket } from '../../../src/host/index.js';
import { JuteReader, JuteWriter } from '../../../src/jute/index.js';
import { type ConnectResponse, readConnectResponse, writeConnectRequest } from '../../../src/protocol/index.js';

export interface ConnectionHandler {
  onConnected(response: ConnectResponse): void;
  /** A frame behind the connect response; valid until the call returns. */
  onFrame(r: JuteReader): void;
  /** Once, last; also when the connection never came about. */
  onClosed(): void;
}

/** One connection to port 2181, from dialling to its end. */
export class ClientConnection {
  lastHeardMs: number;
  /** A server has been asked for the session. */
  hasAsked = false;
  private socket: Socket | null = null;
  private rest: Buffer | null = null;
  private isOpen = false;
  private isOver = false;

  constructor(
    private readonly host: Host,
    readonly server: string,
    private readonly handler: ConnectionHandler,
  ) {
    this.lastHeardMs = host.clock.monotonicMs();
  }

  dial(timeoutMs: number, session: { id: bigint; password: Buffer; timeoutMs: number; lastZxidSeen: number }): void {
    this.host.network.dial({ host: this.server, port: 2181 }, timeoutMs).then(
      (socket) => {
        if (this.isOver) socket.destroy();
        else this.start(socket, session);
      },
      () => this.close(),
    );
  }

  private start(
    socket: Socket,
    session: { id: bigint; password: Buffer; timeoutMs: number; lastZxidSeen: number },
  ): void {
    this.socket = socket;
    this.hasAsked = true;
    this.lastHeardMs = this.host.clock.monotonicMs();
    socket.start({
      onData: (chunk) => this.onData(chunk),
      onEnd: () => this.close(),
      onDrain: () => undefined,
      onClose: () => this.close(),
    });
    const w = new JuteWriter(64);
    const length = w.reserveInt();
    const { id: sessionId, password, timeoutMs, lastZxidSeen } = session;
    const request = {
      protocolVersion: 0,
      lastZxidSeen,
      timeoutMs,
      sessionId,
      password,
      readOnly: false,
      hasReadOnly: true,
    };
    writeConnectRequest(w, request);
    w.patchInt(length, w.length - length - 4);
    socket.write(w.take(0));
  }

  send(bytes: Buffer): void {
    this.socket?.write(bytes);
  }

  /** Breaks it off; `onClosed` is called before this returns, unless it was already. */
  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.socket?.destroy();
    this.handler.onClosed();
  }

  private onData(chunk: Buffer): void {
    this.lastHeardMs = this.host.clock.monotonicMs();
    // The chunk is the network's; frames are decoded at once, only an incomplete one is kept.
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (!this.isOver && bytes.length - at >= 4) {
      const end = at + 4 + bytes.readInt32BE(at);
      if (end > bytes.length) break;
      const r = new JuteReader(bytes.subarray(at + 4, end));
      at = end;
      if (this.isOpen) {
        this.handler.onFrame(r);
      } else {
        this.isOpen = true;
        this.handler.onConnected(readConnectResponse(r));
      }
    }
    this.rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : null;
  }
}
