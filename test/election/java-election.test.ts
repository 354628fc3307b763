// Our election and connection manager beside real Apache ZooKeeper servers (Debian's 3.8.0) on loopback. Ours has no Zab here:
// what counts is whom each side elects.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readFile } from 'node:fs/promises';
import type { ElectionResult, ElectionSelf } from '../../src/election/index.js';
import { FastLeaderElection } from '../../src/election/index.js';
import { QuorumCnxManager } from '../../src/connection/index.js';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { parseMembership } from '../../src/membership/index.js';
import { Metrics } from '../../src/metrics/index.js';
import type { RealHost } from '../../src/platform/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { decodeNotification, encodeNotification } from '../../src/protocol/index.js';
import type { ServerState } from '../../src/protocol/index.js';
import { MemoryLogger } from '../fakes/index.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';

let host: RealHost;

before(() => {
  host = createRealHost();
});

after(() => host.close());

async function membershipOf(ensemble: Ensemble): Promise<QuorumVerifier> {
  const text = await readFile(ensemble.member(1).configFile, 'utf8');
  const lines = text.split('\n').flatMap((line) => {
    const [key = '', value = ''] = line.split('=', 2);
    return key.startsWith('server.') ? [[key, value] as const] : [];
  });
  return parseMembership(lines);
}

/** Our part of a mixed ensemble. */
class OurServer implements ElectionSelf {
  readonly transport: QuorumCnxManager;
  readonly election: FastLeaderElection;
  readonly log: MemoryLogger;
  readonly newer: QuorumVerifier[] = [];
  private now: ServerState = 'LOOKING';
  private started = false;

  constructor(
    readonly myId: number,
    private readonly members: QuorumVerifier,
    public zxid = 0,
    public epoch = 0,
  ) {
    this.log = new MemoryLogger(`server ${myId}`, host.clock, 'debug');
    const { clock, network } = host;
    this.transport = new QuorumCnxManager(
      {
        myId,
        cnxTimeoutMs: 5000,
        greetingTimeoutMs: 2500,
        electionPortBindRetry: 3,
        listenOnAllIPs: false,
        multiAddress: false,
        tcpKeepAlive: true,
      },
      { clock, network, log: this.log, view: this, onElectionPortLost: () => assert.fail('lost the election port') },
    );
    this.election = new FastLeaderElection({
      clock,
      log: this.log,
      metrics: new Metrics(),
      self: this,
      transport: this.transport,
    });
  }

  async start(): Promise<void> {
    await this.transport.start();
  }

  async look(): Promise<string> {
    this.now = 'LOOKING';
    if (!this.started) this.election.start();
    this.started = true;
    const vote = await this.election.lookForLeader();
    return `${this.now} ${vote?.leader ?? 'nobody'}`;
  }

  async stop(): Promise<void> {
    await Promise.all([this.election.shutdown(), this.transport.shutdown()]);
  }

  isParticipant(): boolean {
    return !this.members.observers.has(this.myId);
  }

  state(): ServerState {
    return this.now;
  }

  verifier(): QuorumVerifier {
    return this.members;
  }

  lastSeenVerifier(): QuorumVerifier | null {
    return null;
  }

  lastLoggedZxid(): number {
    return this.zxid;
  }

  currentEpoch(): number {
    return this.epoch;
  }

  elected(result: ElectionResult): void {
    this.now = result.state;
  }

  reportVoter(): void {
    // There is no leader's work to end.
  }

  newerConfig(verifier: QuorumVerifier): void {
    this.newer.push(verifier);
  }
}

describe('an election with Apache ZooKeeper', () => {
  async function mixed(
    ours: number,
    run: (ensemble: Ensemble, server: OurServer) => Promise<void>,
    config: Record<string, string> = {},
  ): Promise<void> {
    const ensemble = await Ensemble.create({ command: (_index, file) => javaServer(file), config });
    const server = new OurServer(ours, await membershipOf(ensemble));
    try {
      await server.start();
      await run(ensemble, server);
    } catch (error) {
      throw new Error(`${String(error)}\n${server.log.text()}`, { cause: error });
    } finally {
      await server.stop();
      await ensemble.remove();
    }
  }

  it('finds the leader that two Java servers have', async () => {
    await mixed(3, async (ensemble, server) => {
      for (const sid of [1, 2]) await ensemble.member(sid).start();
      for (const sid of [1, 2]) await ensemble.member(sid).serving();
      assert.equal(await ensemble.member(2).mode(), 'leader');
      assert.equal(await server.look(), 'FOLLOWING 2');
      assert.deepEqual(server.newer, []);
      const seen = server.log.entries.filter((entry) => /^Election: from 2: LEADING/.test(entry.message));
      assert.ok(seen.length > 0);
    });
  });

  it('joins with the smallest id when all start together', async () => {
    await mixed(1, async (ensemble, server) => {
      const result = server.look();
      for (const sid of [2, 3]) await ensemble.member(sid).start();
      assert.match(await result, /^FOLLOWING [23]$/);
      // If 2 was there before 3, we need not have waited for 3 as Java does: then 2 may follow 3 in the end, and a server that
      // finds no leader where it looked for one looks again.
      for (const sid of [2, 3]) await ensemble.member(sid).serving();
      if (server.election.currentVote.leader === 2 && (await ensemble.member(2).mode()) !== 'leader') {
        assert.equal(await server.look(), 'FOLLOWING 3');
      }
      assert.equal(await ensemble.member(server.election.currentVote.leader).mode(), 'leader');
    });
  });

  it('is elected by Java servers for the larger id', async () => {
    await mixed(3, async (ensemble, server) => {
      const result = server.look();
      await ensemble.member(1).start();
      assert.equal(await result, 'LEADING 3');
    });
  });

  it('is elected by a Java server for the better history, with the smaller id', async () => {
    await mixed(1, async (ensemble, server) => {
      server.zxid = 0x500000007;
      server.epoch = 5;
      const result = server.look();
      await ensemble.member(2).start();
      assert.equal(await result, 'LEADING 1');
    });
  });

  it('elects a Java server for its better history, when the leader was killed', async () => {
    await mixed(2, async (ensemble, server) => {
      for (const sid of [1, 3]) await ensemble.member(sid).start();
      for (const sid of [1, 3]) await ensemble.member(sid).serving();
      assert.equal(await server.look(), 'FOLLOWING 3');
      await ensemble.member(3).kill();
      await eventually('server 1 looks', 20_000, async () => {
        const mode = await ensemble.member(1).mode();
        return mode === '';
      });
      // Server 1 has epoch 1 by now; ours has logged nothing.
      assert.equal(await server.look(), 'FOLLOWING 1');
      assert.equal(server.election.currentVote.peerEpoch, 1);
    });
  });

  it('answers a Java server that starts later', async () => {
    await mixed(3, async (ensemble, server) => {
      const result = server.look();
      await ensemble.member(1).start();
      assert.equal(await result, 'LEADING 3');
      await ensemble.member(2).start();
      const heard = await eventually('server 2 was answered', 20_000, () =>
        Promise.resolve(
          server.log.entries.find((entry) => /^Election: answer 2: LEADING, leader 3/.test(entry.message)),
        ),
      );
      assert.ok(heard.message.length > 0);
      // Connected as ZooKeeper wants it: the larger id has dialled. Java may knock again, and is then dialled anew.
      await eventually('server 2 is connected', 10_000, () => Promise.resolve(server.transport.isConnected(2)));
    });
  });

  it('writes notifications that are the same bytes as Java reads and writes', async () => {
    await mixed(3, async (ensemble, server) => {
      await ensemble.member(1).start();
      // The election does not run, so what comes is ours to read. Server 1 knocks, and sends when it is dialled back.
      const bytes = (await server.transport.received.poll(30_000))?.bytes ?? assert.fail('nothing came');
      const notification = decodeNotification(bytes);
      assert.deepEqual(encodeNotification(notification), bytes);
      assert.equal(notification.config, server.verifier().toText());
    });
  });
});
