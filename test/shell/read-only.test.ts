// zk-cli with a server that has lost its quorum and serves those who only read.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { TerminalProcess } from './terminal-process.js';

const CLI = new URL('../../bin/zk-cli', import.meta.url).pathname;

let ensemble: Ensemble;
let left: Member;
let others: Member[];

before(async () => {
  ensemble = await Ensemble.create({ servers: 3, config: { tickTime: 500, 'readonlymode.enabled': 'true' } });
  await ensemble.start();
  const leader = await ensemble.leader();
  const [follower] = await ensemble.followers();
  assert.ok(follower !== undefined);
  left = follower;
  others = [1, 2, 3].map((sid) => ensemble.member(sid)).filter((member) => member !== left);
  assert.ok(others.includes(leader));
});
after(() => ensemble.remove());

describe('zk-cli -r', () => {
  it('reads without a quorum, is refused writes, and goes to a server that writes once there is one', async (t) => {
    const words = ['--quiet', '--history', 'none', '-server', ensemble.hosts];
    const writer = new TerminalProcess([CLI, ...words, 'create', '/kept', 'before']);
    assert.equal(await writer.ended(), 0);
    for (const member of others) await member.stop();
    const shell = new TerminalProcess([CLI, '-server', ensemble.hosts, '-r', '--history', 'none'], { NO_COLOR: '1' });
    t.after(() => shell.kill());
    await shell.expect(/state:ConnectedReadOnly/);
    shell.type('get /kept\n');
    await shell.expect(/get \/kept[\r\n]+before\r\n[^]*\(CONNECTEDREADONLY\) 1\] /);
    shell.type('set /kept after\n');
    await shell.expect(/Not a read-only call|read-only/i);
    await shell.expect(/\(CONNECTEDREADONLY\) 2\] /);
    shell.type('whoami\n');
    await shell.expect(/ip: 127/);
    for (const member of others) await member.start();
    await shell.expect(/state:SyncConnected/);
    shell.type('set /kept after\n');
    await shell.expect(/\(CONNECTED\) \d+\] /);
    shell.type('get /kept\n');
    await shell.expect(/after\r\n[^]*\(CONNECTED\)/);
    shell.type('quit\n');
    assert.equal(await shell.ended(), 0);
  });
});
