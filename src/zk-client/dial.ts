import { type Endpoint, formatEndpoint, type Socket, type TlsContext } from '../host/index.js';
import type { ClientWorld } from './options.js';
import { pause } from './pause.js';

/** A connected socket, encrypted when `tls` says so. Rejects with a `NetworkError`. */
export async function dialServer(
  world: ClientWorld,
  target: Endpoint,
  tls: TlsContext | null,
  timeoutMs: number,
  cancel: AbortSignal,
): Promise<Socket> {
  const socket = await world.network.dial(target, timeoutMs, cancel);
  socket.setNoDelay(true);
  if (tls === null) return socket;
  return world.network.secure(socket, { context: tls, side: 'dial', timeoutMs, peerHost: target.host });
}

const FIRST_SEARCH_MS = 100;
const LONGEST_SEARCH_MS = 60_000;
const ANSWER_MS = 1000;

/** Asks one server after the other, ever more seldom, until one says that it writes. Null: `cancel` was aborted. */
export async function findWriter(
  world: ClientWorld,
  next: () => Endpoint,
  tls: TlsContext | null,
  cancel: AbortSignal,
): Promise<Endpoint | null> {
  for (let delayMs = FIRST_SEARCH_MS; ; delayMs = Math.min(delayMs * 2, LONGEST_SEARCH_MS)) {
    await pause(world.clock, delayMs, cancel);
    if (cancel.aborted) return null;
    const server = next();
    if (await isWriter(world, server, tls, cancel)) return server;
  }
}

/** The four-letter word `isro` answers `rw` or `ro`. */
async function isWriter(
  world: ClientWorld,
  server: Endpoint,
  tls: TlsContext | null,
  cancel: AbortSignal,
): Promise<boolean> {
  try {
    const socket = await dialServer(world, server, tls, ANSWER_MS, cancel);
    return (await answerOf(socket, world, server)).trim() === 'rw';
  } catch {
    // Not reachable: so it does not write, either.
    return false;
  }
}

function answerOf(socket: Socket, world: ClientWorld, server: Endpoint): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const timer = world.clock.after(ANSWER_MS, () =>
      socket.destroy(new Error(`${formatEndpoint(server)} does not answer isro`)),
    );
    socket.start({
      onData: (chunk) => {
        text += chunk.toString('latin1');
      },
      onEnd: () => socket.end(),
      onDrain: () => undefined,
      onClose: () => {
        timer.cancel();
        resolve(text);
      },
    });
    socket.write(Buffer.from('isro'));
  });
}
