// The zxid that servers show before the first write of an epoch, from which tools take the epoch.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { ServerFigures } from '../../src/admin/dashboard/server-summary.js';
import { type AdminControl, type AdminTarget, makeAdminHandler } from '../../src/admin/index.js';
import type { HttpRequest } from '../../src/host/index.js';
import { SimulatedServers } from '../reconfig/simulated.js';

const CONTROL: AdminControl = { reload: () => Promise.reject(new Error('no')), setLogLevel: () => undefined };

function request(name: string): HttpRequest {
  return {
    method: 'GET',
    path: `/commands/${name}`,
    query: new Map(),
    header: () => undefined,
    remoteHost: '127.0.0.1',
    certificates: [],
    body: Readable.from([]),
  };
}

async function admin(target: AdminTarget, name: string): Promise<Record<string, unknown>> {
  const { body } = await makeAdminHandler(target)(request(name));
  return JSON.parse(body as string) as Record<string, unknown>;
}

/** Where the zxid of a server is shown. */
const SHOWN: readonly {
  where: string;
  show: (servers: SimulatedServers, sid: number, target: AdminTarget) => Promise<unknown>;
  as: (zxid: number) => unknown;
}[] = [
  ...['srvr', 'stat'].map((word) => ({
    where: word,
    show: async (servers: SimulatedServers, sid: number) => /^Zxid: (.*)$/m.exec(await servers.word(sid, word))?.[1],
    as: hex,
  })),
  ...['server_stats', 'stats'].map((command) => ({
    where: command,
    show: async (_servers: SimulatedServers, _sid: number, target: AdminTarget) =>
      ((await admin(target, command))['server_stats'] as Record<string, unknown>)['last_processed_zxid'],
    as: (zxid: number) => zxid,
  })),
  {
    where: 'zabstate',
    show: async (_servers, _sid, target) => (await admin(target, 'zabstate'))['last_zxid'],
    as: hex,
  },
  {
    where: 'dashboard',
    show: async (_s, _sid, target) => (await new ServerFigures(target).summary()).lastZxid,
    as: hex,
  },
];

function hex(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}

describe('the zxid that is shown', () => {
  let servers: SimulatedServers;

  before(async () => {
    servers = new SimulatedServers('shown zxid', ['4lw.commands.whitelist=*']);
    await servers.found(1, 2, 3);
  });

  for (const { where, show, as } of SHOWN) {
    it(`${where}: a leader is in its epoch before the first write, and its followers are not`, async () => {
      const leader = servers.leader();
      const epoch = servers.peer(leader).currentEpoch();
      assert.ok(epoch >= 1);
      for (const sid of [1, 2, 3]) {
        const target = servers.peer(sid).adminTarget('', CONTROL);
        const shown = await servers.world.settle(show(servers, sid, target));
        assert.equal(shown, as(sid === leader ? epoch * 2 ** 32 : 0), `server ${sid}`);
      }
    });
  }
});
