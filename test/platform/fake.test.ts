import type { TlsStore } from '../../src/host/index.js';
import { World } from '../fakes/index.js';
import { appendContract } from './contract-append.js';
import { clockContract } from './contract-clock.js';
import { diskContract } from './contract-disk.js';
import type { ContractEnv, Stores } from './contract-env.js';
import { networkContract } from './contract-network.js';
import { tlsContract } from './contract-tls.js';

function makeFake(): Promise<ContractEnv> {
  const world = new World(5);
  const host = world.host('local');
  world.disk('local').installDir('/data');
  world.host('other');
  world.network.setName('192.0.2.1', 'other');
  return Promise.resolve({
    host,
    dir: '/data',
    run: (body) => world.settle(body()),
    silentEndpoint: () => {
      world.network.cut('local', 'other');
      return Promise.resolve({ host: 'other', port: 1 });
    },
    stores: () => fakeStores(world),
    close: () => Promise.resolve(),
  });
}

async function fakeStores(world: World): Promise<Stores> {
  const { disk } = world.host('local');
  const write = async (path: string, ...names: readonly string[]): Promise<TlsStore> => {
    const file = await disk.create(path);
    await file.write(Buffer.from(names.map((name) => `certificate ${name}\n`).join('')), 0);
    await file.close();
    return { path, type: 'PEM', password: '', passwordPath: null };
  };
  return {
    server: await write('/data/server', 'host=127.0.0.1'),
    client: await write('/data/client', 'client'),
    elsewhere: await write('/data/elsewhere', 'host=elsewhere'),
    stranger: await write('/data/stranger', 'stranger'),
    trust: await write('/data/trust', 'host=127.0.0.1', 'client', 'host=elsewhere'),
    replaceServer: async () => {
      await write('/data/server', 'host=elsewhere');
    },
  };
}

clockContract('fake', makeFake);
diskContract('fake', makeFake);
appendContract('fake', makeFake);
networkContract('fake', makeFake);
tlsContract('fake', makeFake);
