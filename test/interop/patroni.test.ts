// Patroni keeps a PostgreSQL pair on an ensemble: its leader survives the end of ZooKeeper's, its replica takes over when the
// primary dies, and the old primary comes back as a replica.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/ports.js';
import { PatroniNode, type PatroniStatus } from './patroni-node.js';

/** The least that Patroni takes. */
const TTL_SECONDS = 20;
const PATIENCE_MS = 120_000;

const leads = ({ role, state }: PatroniStatus): boolean => ['master', 'primary'].includes(role) && state === 'running';

function follows(name: string): (status: PatroniStatus) => boolean | undefined {
  return ({ replication }) => replication?.some((one) => one.application_name === name && one.state === 'streaming');
}

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('Patroni with a PostgreSQL pair on an ensemble', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zk-server-patroni-'));
    const nodes: PatroniNode[] = [];
    let ensemble: Ensemble;

    before(async () => {
      chmodSync(folder, 0o755);
      // Patroni's session lives as long as its lock, longer than such short ticks would allow.
      ensemble = await Ensemble.create({ config: { maxSessionTimeout: 40_000 } });
      await ensemble.start();
      const ports = await freePorts(4);
      for (const [index, name] of ['anna', 'bert'].entries()) {
        const [restPort = 0, sqlPort = 0] = ports.slice(2 * index);
        const hosts = ensemble.hosts.split(',');
        nodes.push(new PatroniNode({ name, parent: folder, hosts, restPort, sqlPort, ttlSeconds: TTL_SECONDS }));
      }
    });
    after(async () => {
      for (const node of nodes) await node.kill();
      await ensemble.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    function node(index: number): PatroniNode {
      const found = nodes[index];
      assert.ok(found !== undefined);
      return found;
    }

    it('makes a primary and a replica', async () => {
      const [anna, bert] = [node(0), node(1)];
      anna.start();
      await anna.until('leads', PATIENCE_MS, leads);
      bert.start();
      await anna.until('has a replica', PATIENCE_MS, follows('bert'));
      await anna.sql('create table kept (n int); insert into kept values (1)');
      await eventually('the row on the replica', PATIENCE_MS, async () => (await rows(bert)) === '1');
    });

    it('keeps its primary when the leader of the ensemble is killed', async () => {
      const [anna, bert] = [node(0), node(1)];
      const old = await ensemble.leader();
      await old.kill();
      await ensemble.leader();
      const seconds = Date.now() / 1000;
      for (const one of [anna, bert]) {
        await one.until('hears of the new leader', PATIENCE_MS, (status) => status.dcs_last_seen > seconds);
      }
      await old.start();
      await old.serving();
      const status = await anna.until('leads', PATIENCE_MS, leads);
      assert.equal(status.timeline, 1, 'nobody else was primary meanwhile');
      assert.equal((await bert.status())?.role, 'replica');
      await anna.sql('insert into kept values (2)');
    });

    it('makes the replica primary when the primary is killed', async () => {
      const [anna, bert] = [node(0), node(1)];
      await eventually('both rows on the replica', PATIENCE_MS, async () => (await rows(bert)) === '1\n2');
      await anna.kill();
      const status = await bert.until('leads', PATIENCE_MS, leads);
      assert.equal(status.timeline, 2);
      await bert.sql('insert into kept values (3)');
      assert.equal(await rows(bert), '1\n2\n3');
    });

    it('takes the old primary back as a replica', async () => {
      const [anna, bert] = [node(0), node(1)];
      anna.start();
      await bert.until('has a replica', PATIENCE_MS, follows('anna'));
      assert.equal((await anna.status())?.role, 'replica');
      await eventually('the newest row on the old primary', PATIENCE_MS, async () => (await rows(anna)) === '1\n2\n3');
    });
  });
}

function rows(node: PatroniNode): Promise<string> {
  return node.sql('select n from kept order by n');
}
