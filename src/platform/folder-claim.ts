import { stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { FolderClaim } from '../host/index.js';

const NO_CLAIM: FolderClaim = { release: () => Promise.resolve() };

/**
 * Claims a folder by an abstract Unix socket that is named after the folder's device and inode: only one process can have
 * it, it leaves no file behind, and the system frees it when the process ends. Node offers no file locks. Processes in other
 * network namespaces are not seen. Other systems than Linux have no abstract sockets.
 */
export async function claimFolder(dir: string): Promise<FolderClaim | null> {
  if (process.platform !== 'linux') return NO_CLAIM;
  const { dev, ino } = await stat(dir, { bigint: true });
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Whatever else may be wrong with sockets is no reason not to use the folder.
      resolve(error.code === 'EADDRINUSE' ? null : NO_CLAIM);
    });
    server.listen({ path: `\0zk-server/${dev}/${ino}`, exclusive: true }, () => {
      resolve({
        release: () =>
          new Promise((done) => {
            server.close(() => done());
          }),
      });
    });
  });
}
