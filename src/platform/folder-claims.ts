import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';

const ANSWER_MS = 1000;

/** Another process has claimed the folder. */
export class FolderTakenError extends Error {
  override readonly name = 'FolderTakenError';
  constructor(
    readonly folder: string,
    /** Null when the other one does not say. */
    readonly pid: number | null,
  ) {
    const who = pid === null ? 'another server' : `another server (process ${pid})`;
    super(`${who} of this machine uses ${folder}. Stop it, or give each server a dataDir and a dataLogDir of its own`);
  }
}

/**
 * Keeps two processes of one machine from using one folder. A claim is a socket without a file, named by the folder's inode:
 * it ends with the process, however that ends, and leaves nothing behind. Only Linux has such sockets, and they reach as far
 * as a network namespace does.
 */
export class FolderClaims {
  private readonly held = new Map<string, Server>();

  /** Claims those of the folders that exist and are not claimed here yet. Throws a `FolderTakenError`. */
  async take(folders: readonly string[]): Promise<void> {
    if (process.platform !== 'linux') return;
    for (const folder of folders) {
      const name = await nameOf(folder);
      if (name === null || this.held.has(name)) continue;
      const server = await listen(name);
      if (server === null) throw new FolderTakenError(folder, await askPid(name));
      this.held.set(name, server);
    }
  }

  release(): void {
    for (const server of this.held.values()) server.close();
    this.held.clear();
  }
}

/** Null when there is no such folder. */
async function nameOf(folder: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(folder, { bigint: true });
    const hash = createHash('sha256').update(`${dev}:${ino}`).digest('hex');
    return `\0zk-server/${hash}`;
  } catch {
    return null;
  }
}

/** Null when somebody else listens there. */
async function listen(path: string): Promise<Server | null> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(String(process.pid));
  });
  server.unref();
  server.listen({ path });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return null;
    throw error;
  }
}

function askPid(path: string): Promise<number | null> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    let text = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('close', () => {
      resolve(/^\d+$/.test(text) ? Number(text) : null);
    });
  });
}
