import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpHandler, HttpReply } from '../../../src/host/index.js';
import { type AdminControl, makeAdminHandler } from '../../../src/admin/index.js';
import { HttpExchange } from '../../../src/platform/http-exchange.js';
import { machineName } from '../../sim/settings.js';
import { SHORT, WholeServers } from '../../sim/whole-servers.js';
import { Broken, type Target } from '../target.js';

const SID = 1;
const IDLE_MS = 10_000;
/** An answer that has not come by then never comes. */
const ANSWER_MS = 5000;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/** A server that reads its configuration again, and finds it as it was. */
const CONTROL: AdminControl = {
  reload: () => Promise.resolve({ changed: [], needsRestart: [] }),
  setLogLevel: () => undefined,
};

const NOT_COUNTED = { asked: () => undefined, answered: () => undefined };

/** A simulated server with a client's session and a few nodes, asked over HTTP. */
class Administered {
  private constructor(
    private readonly servers: WholeServers,
    private readonly exchange: HttpExchange,
  ) {}

  static async start(): Promise<Administered> {
    const servers = new WholeServers('admin', { ...SHORT, voters: [] });
    await servers.boot(SID);
    await servers.serving(SID);
    const client = await servers.client(SID);
    await servers.world.settle(client.create('/a', Buffer.from('x')));
    const admin = makeAdminHandler(servers.server(SID).adminTarget('clientPort=2181\n', CONTROL));
    const { log } = servers.world.host(machineName(SID));
    const options = { endpoint: { host: '127.0.0.1', port: 8080 }, idleTimeoutMs: IDLE_MS, maxConnections: 1 };
    let turn: Promise<unknown> = Promise.resolve();
    const handler: HttpHandler = async (request) => {
      // Virtual time passes only for one at a time, and only for what waits for nothing real.
      const whole = { ...request, body: await wholeOf(request.body) };
      const answer = turn.then(() => servers.world.settle(admin(whole).then(inOnePiece)));
      turn = answer.catch(() => undefined);
      return answer;
    };
    return new Administered(servers, new HttpExchange(options, handler, log, NOT_COUNTED));
  }

  /** What comes back until the connection ends. */
  async ask(bytes: Buffer): Promise<string> {
    const [near, far] = duplexPair();
    const chunks: Buffer[] = [];
    near.on('data', (chunk: Buffer) => chunks.push(chunk));
    const ended = new Promise<void>((resolve) => {
      near.once('end', resolve);
      near.once('error', () => resolve());
      near.once('close', resolve);
    });
    // Of two ends that are no real socket one does not notice that the other is gone.
    far.once('close', () => near.destroy());
    // What a socket has beside; the fuzzer waits for nobody who is idle.
    this.exchange.serve(Object.assign(far, { setTimeout: () => far }) as unknown as Socket);
    near.end(bytes);
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<'silent'>((resolve) => {
      timer = setTimeout(() => resolve('silent'), ANSWER_MS);
    });
    const how = await Promise.race([ended, silent]);
    clearTimeout(timer);
    if (how === 'silent') throw new Broken('the connection stays open without an answer');
    near.destroy();
    // Node frees parsers in a later turn of the event loop, which ends of a pair alone never let come.
    await nextTurn();
    return Buffer.concat(chunks).toString('latin1');
  }

  /** What could not be answered although somebody asked properly. */
  failures(): string[] {
    const { log } = this.servers.world.host(machineName(SID));
    return log.withCode('HTTP_FAILED').map(({ fields, message }) => `${message} ${String(fields['error'])}`);
  }
}

/** What comes of it, or the error in its place. */
async function wholeOf(body: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const chunks: Buffer[] = [];
  let failure: Error | null = null;
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  return pieces(chunks, failure);
}

async function* pieces(chunks: readonly Buffer[], failure: Error | null): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield* chunks;
  if (failure !== null) throw failure;
}

async function inOnePiece(reply: HttpReply): Promise<HttpReply> {
  return typeof reply.body === 'string' ? reply : { ...reply, body: await wholeOf(reply.body) };
}

let administered: Promise<Administered> | null = null;

const LAST = 'Host: h\r\nConnection: close\r\n\r\n';
const PATHS = [
  ...['', '/', '/stat', '/mntr', '/cons', '/dump', '/conf', '/ruok', '/watches', '/wchp', '/get_trace_mask', '/sess'],
  ...['/snapshot?streaming=false', '/lsnp', '/configuration', '/hash', '/dirs', '/voting_view'],
];
const SEEDS: readonly Buffer[] = [
  ...PATHS.map((path) => Buffer.from(`GET /commands${path} HTTP/1.1\r\n${LAST}`)),
  Buffer.from(`GET /commands/snap?streaming=true HTTP/1.1\r\nAuthorization: ip\r\n${LAST}`),
  Buffer.from(`GET /commands/snap HTTP/1.1\r\nAuthorization: digest super:x\r\n${LAST}`),
  Buffer.from(`POST /commands/restore HTTP/1.1\r\nAuthorization: ip\r\nContent-Length: 4\r\n${LAST}ZKSN`),
  Buffer.from(`POST /commands/stm HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${LAST}3\r\nabc\r\n0\r\n\r\n`),
  Buffer.from(`HEAD /health/ready HTTP/1.1\r\n${LAST}`),
];
const WORDS = '% %2e %00 ? & = // GET POST /commands/ Authorization: ip HTTP/1.1'.split(' ');

/** Connections of the admin port: the request, its address, its headers, and every command. */
export const adminHttp: Target = {
  name: 'admin-http',
  seeds: async () => {
    // No input is to wait for the server's start.
    administered ??= Administered.start();
    await (await administered).ask(SEEDS[0] as Buffer);
    return SEEDS;
  },
  words: [...WORDS, '\r\n'],
  run: async (bytes) => {
    administered ??= Administered.start();
    const server = await administered;
    const before = server.failures().length;
    const text = await server.ask(bytes);
    const failures = server.failures().slice(before);
    if (failures.length > 0) throw new Broken(failures.join('; '));
    if (text !== '' && !STATUS_LINE.test(text)) throw new Broken(`it answers ${JSON.stringify(text.slice(0, 200))}`);
  },
};
