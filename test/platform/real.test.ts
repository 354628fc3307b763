import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Endpoint, TlsStore } from '../../src/host/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { appendContract } from './contract-append.js';
import { Authority } from '../support/certificates.js';
import { clockContract } from './contract-clock.js';
import { diskContract } from './contract-disk.js';
import type { ContractEnv, Stores } from './contract-env.js';
import { networkContract } from './contract-network.js';
import { tlsContract } from './contract-tls.js';

/** Prints its port and accepts nothing, because it is stopped then. */
const LISTEN_ONLY = `
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => console.log(server.address().port));
`;

// One host for all: its append thread takes a moment to start.
const host = createRealHost({ log: { level: 'fatal' } });

async function makeReal(): Promise<ContractEnv> {
  const dir = await mkdtemp(join(tmpdir(), 'zk-platform-'));
  const cleanups: (() => void)[] = [];
  return {
    host,
    dir,
    run: (body) => body(),
    silentEndpoint: () => silentEndpoint(cleanups),
    stores: () => Promise.resolve(realStores(dir)),
    async close() {
      for (const cleanup of cleanups) cleanup();
      await rm(dir, { recursive: true });
    },
  };
}

/** A process that stands still, its queue of connections full: the kernel then answers no one. */
async function silentEndpoint(cleanups: (() => void)[]): Promise<Endpoint> {
  const child = spawn(process.execPath, ['-e', LISTEN_ONLY], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanups.push(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  cleanups.push(() => fillers.forEach((filler) => filler.destroy()));
  for (let index = 0; index < 4; index++) {
    const filler = connect({ host: '127.0.0.1', port });
    filler.on('error', () => undefined);
    fillers.push(filler);
  }
  await once(fillers[0] as Socket, 'connect');
  return { host: '127.0.0.1', port };
}

function realStores(dir: string): Stores {
  const authority = Authority.create(dir);
  const pem = (path: string): TlsStore => ({ path, type: 'PEM', password: '', passwordPath: null });
  const stores = {
    server: pem(authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost' })),
    client: pem(authority.issue({ name: 'client' })),
    elsewhere: pem(authority.issue({ name: 'elsewhere', altNames: 'DNS:elsewhere' })),
    stranger: pem(Authority.create(dir, 'other-ca').issue({ name: 'stranger', altNames: 'IP:127.0.0.1' })),
    trust: pem(authority.certificate),
  };
  return {
    ...stores,
    replaceServer: () => {
      authority.copy('elsewhere.pem', 'server.pem');
      return Promise.resolve();
    },
  };
}

clockContract('real', makeReal);
diskContract('real', makeReal);
appendContract('real', makeReal);
networkContract('real', makeReal);
tlsContract('real', makeReal);
