import { World } from '../fakes/index.js';
import { appendContract } from './contract-append.js';
import { clockContract } from './contract-clock.js';
import { diskContract } from './contract-disk.js';
import type { ContractEnv } from './contract-env.js';
import { networkContract } from './contract-network.js';

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
    close: () => Promise.resolve(),
  });
}

clockContract('fake', makeFake);
diskContract('fake', makeFake);
appendContract('fake', makeFake);
networkContract('fake', makeFake);
