// A leader whose memory is not what its digest says: its image is refused once, and then taken as what it is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Database } from '../../src/storage/index.js';
import { SimulatedServers } from '../reconfig/simulated.js';

describe('a leader with a wrong memory', () => {
  it('gets its quorum back, and the learner says what is wrong', async () => {
    const servers = new SimulatedServers('wrong memory', ['forceSnapshotSync=true']);
    await servers.found(1, 2, 3);
    const leader = servers.leader();
    const [learner = 0, gone = 0] = [1, 2, 3].filter((sid) => sid !== leader);
    await servers.write(leader, '/a');
    const { tree } = Reflect.get(servers.peer(leader), 'database') as Database;
    const { nodes } = Reflect.get(tree, 'state') as { nodes: Nodes };
    const ref = tree.find('/a');
    const at = nodes.statOffset(ref) + 20;
    nodes.blockView(ref).setUint8(at, nodes.blockView(ref).getUint8(at) ^ 1);
    for (const sid of [learner, gone]) servers.kill(sid);
    await servers.world.run(100);
    await servers.boot(learner);
    await servers.serving(learner, leader);
    const told = servers.world.host(`s${learner}`).log.withCode('SNAPSHOT_DIGEST');
    assert.deepEqual(
      told.map(({ level, message }) => `${level} ${/refused|taken all the same/.exec(message)?.[0] ?? message}`),
      ['error refused', 'error taken all the same'],
    );
  });
});

interface Nodes {
  statOffset(ref: number): number;
  blockView(ref: number): DataView;
}
