import {
  type Disk,
  NetworkError,
  type SecureOptions,
  type Socket,
  type SocketHandler,
  type TlsContext,
  TlsError,
  type TlsOptions,
  type TlsStore,
} from '../../src/host/index.js';
import type { FakeSocket } from './fake-socket.js';
import type { Scheduler } from './scheduler.js';

/** First byte of a hello, as of a TLS handshake record. */
const HELLO = 0x16;
const HEAD_BYTES = 5;

/**
 * TLS that hides nothing: both sides show what their key store says, and each believes what its trust store has. A key
 * store is a file with the line `certificate <name>`; a trust store one with such lines.
 */
export class FakeTlsContext implements TlsContext {
  ownName: string | null = null;
  private trusted: readonly string[] = [];

  constructor(
    readonly options: TlsOptions,
    private readonly disk: Disk,
  ) {}

  async reload(): Promise<boolean> {
    const take = await this.prepare();
    take?.();
    return take !== null;
  }

  async prepare(): Promise<(() => void) | null> {
    const { keyStore, trustStore } = this.options;
    const ownName = keyStore === null ? null : ((await this.names(keyStore))[0] ?? null);
    const trusted = trustStore === null ? [] : await this.names(trustStore);
    const isSame = ownName === this.ownName && trusted.join(' ') === this.trusted.join(' ');
    if (isSame) return null;
    return () => {
      this.ownName = ownName;
      this.trusted = trusted;
    };
  }

  trusts(name: string): boolean {
    return this.trusted.includes(name);
  }

  private async names(store: TlsStore): Promise<string[]> {
    let text: string;
    try {
      text = (await this.disk.readFile(store.path)).toString('utf8');
    } catch (cause) {
      throw new TlsError('STORE_FILE', `The store ${store.path} cannot be read.`, { cause });
    }
    const names = [...text.matchAll(/^certificate (.+)$/gm)].flatMap((match) => match[1] ?? []);
    if (names.length === 0) throw new TlsError('STORE_CONTENT', `${store.path} is no usable store.`);
    return names;
  }
}

/** One side's handshake: a hello each way, then a verdict of the accepting side. */
export function fakeHandshake(socket: FakeSocket, options: SecureOptions, scheduler: Scheduler): Promise<Socket> {
  const { context, side, timeoutMs } = options;
  if (!(context instanceof FakeTlsContext)) throw new Error('this TLS context is not of this network');
  const notTls = side === 'dial' ? 'NOT_TLS' : 'TLS';
  return new Promise((resolve, reject) => {
    const deadline = scheduler.at(scheduler.nowMs + timeoutMs, socket.node.gate, () => {
      fail(new NetworkError('TIMEOUT', `no handshake within ${timeoutMs} ms`));
    });
    const end = (): void => {
      deadline.fn = undefined;
    };
    const fail = (error: NetworkError): void => {
      end();
      socket.destroy();
      reject(error);
    };
    let bytes = Buffer.alloc(0);
    const handler: SocketHandler = {
      onData(chunk) {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes[0] !== HELLO) {
          fail(new NetworkError(notTls, 'no hello came'));
          return;
        }
        const length = bytes.length < HEAD_BYTES ? Infinity : HEAD_BYTES + bytes.readUInt16BE(3);
        if (bytes.length < length) return;
        const peer = bytes.toString('utf8', HEAD_BYTES, length);
        const why = complaint(context, side, peer, options.peerHost);
        if (why !== null) {
          fail(new NetworkError('TLS', why));
          return;
        }
        if (side === 'accept') socket.write(hello(context.ownName ?? ''));
        const rest = bytes.subarray(length);
        if (rest.length > 0) socket.unread(Buffer.from(rest));
        end();
        const shown = side === 'accept' && context.options.clientAuth === 'none' ? '' : peer;
        socket.security = {
          protocol: 'TLSv1.3',
          cipher: 'TLS_NULL_WITH_NULL_NULL',
          peerCertificates: shown === '' ? [] : [Buffer.from(shown)],
        };
        resolve(socket);
      },
      onEnd() {
        fail(new NetworkError(notTls, 'the other side ended the connection during the handshake'));
      },
      onDrain: () => undefined,
      onClose(error) {
        end();
        reject(
          new NetworkError(side === 'dial' ? 'NOT_TLS' : 'RESET', 'the connection broke during the handshake', {
            cause: error,
          }),
        );
      },
    };
    socket.start(handler);
    if (side === 'dial') socket.write(hello(context.ownName ?? ''));
  });
}

function hello(name: string): Buffer {
  const body = Buffer.from(name, 'utf8');
  const head = Buffer.from([HELLO, 3, 1, 0, 0]);
  head.writeUInt16BE(body.length, 3);
  return Buffer.concat([head, body]);
}

/** Names are `host=<host>` where a host is to be checked. */
function complaint(
  context: FakeTlsContext,
  side: 'accept' | 'dial',
  peer: string,
  peerHost: string | undefined,
): string | null {
  const { clientAuth, verifiesServerHost } = context.options;
  if (side === 'accept' && clientAuth === 'none') return null;
  if (peer === '') return side === 'accept' && clientAuth === 'want' ? null : 'it showed no certificate';
  if (!context.trusts(peer)) return `its certificate is not trusted (${peer})`;
  if (side === 'dial' && verifiesServerHost && peer !== `host=${peerHost ?? ''}`)
    return `${peer} is not ${peerHost ?? ''}`;
  return null;
}
