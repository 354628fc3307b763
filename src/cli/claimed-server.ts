import { FolderClaims, FolderTakenError } from '../platform/index.js';
import { ExitCode } from './exit-codes.js';
import type { RunnableServer } from './run-server.js';

/**
 * The server, which does not start while another process uses one of its folders. Folders that it makes are claimed once they
 * are there.
 */
export function withClaims(server: RunnableServer, folders: readonly string[]): RunnableServer {
  const claims = new FolderClaims();
  const all = [...new Set(folders.flatMap((folder) => [folder, `${folder}/version-2`]))];
  return {
    finished: server.finished,
    async start() {
      await claim(claims, all);
      await server.start();
      try {
        await claim(claims, all);
      } catch (error) {
        await server.stop();
        throw error;
      }
    },
    async stop() {
      await server.stop();
      claims.release();
    },
  };
}

async function claim(claims: FolderClaims, folders: readonly string[]): Promise<void> {
  try {
    await claims.take(folders);
  } catch (error) {
    if (!(error instanceof FolderTakenError)) throw error;
    throw Object.assign(error, { exitCode: ExitCode.dataDir });
  }
}
