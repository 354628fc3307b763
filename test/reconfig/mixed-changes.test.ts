// Each kind of reconfiguration, and of refusal, in an ensemble of Java servers and ours, with each kind leading.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ErrorCode, OpCode } from '../../src/protocol/index.js';
import { PATIENT } from '../support/at-server.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';
import { GrowingEnsemble } from './growing-ensemble.js';

const LIMIT_MS = 60_000;
const LEADER = 3;
/** One follower of each kind, whoever leads. */
const [OURS, JAVA] = [2, 4];
const ALL = [1, 2, 3, 4];

const MIXES = [
  { name: 'Apache ZooKeeper leads', java: [LEADER, JAVA] },
  { name: 'zk-server leads', java: [1, JAVA] },
] as const;

interface Ports {
  readonly quorum?: number;
  readonly election?: number;
  readonly client?: number;
}

function linesOf(config: string | undefined): string[] {
  return (config ?? '').split('\n').filter((line) => line.startsWith('server.'));
}

function idsOf(config: string | undefined): string {
  return linesOf(config)
    .map((line) => /\d+/.exec(line)?.[0])
    .join(' ');
}

function versionOf(config: string | undefined): number {
  return Number.parseInt(/^version=(.*)$/m.exec(config ?? '')?.[1] ?? '', 16);
}

/** The line with other ports. */
function withPorts(line: string, { quorum, election, client }: Ports): string {
  return line.replace(
    /:(\d+):(\d+):(\w+);(.*):(\d+)$/,
    (_all, oldQuorum: string, oldElection: string, role: string, host: string, oldClient: string) =>
      `:${quorum ?? oldQuorum}:${election ?? oldElection}:${role};${host}:${client ?? oldClient}`,
  );
}

for (const { name, java } of MIXES) {
  describe(`a mixed ensemble that is changed: ${name}`, { timeout: 240_000 }, () => {
    let ensemble: GrowingEnsemble;

    before(async () => {
      ensemble = await GrowingEnsemble.create(5, {}, java);
      // Server 3 is there from the beginning and has the largest id of the first quorum.
      for (const sid of [2, 3]) await ensemble.start(sid, [1, 2, 3]);
      for (const sid of [2, 3]) await ensemble.member(sid).serving(LIMIT_MS);
      await ensemble.start(1, [1, 2, 3]);
      await ensemble.member(1).serving(LIMIT_MS);
      assert.equal(await ensemble.leader([1, 2, 3]), LEADER);
    });
    after(() => ensemble.remove());

    /** The line of a server in the configuration that is in force. */
    async function lineOf(sid: number): Promise<string> {
      const { config } = await ensemble.config(1);
      const found = linesOf(config).find((line) => line.startsWith(`server.${sid}=`));
      assert.ok(found, config);
      return found;
    }

    /** Reconfigures and answers the new configuration, which then all four servers have. */
    async function change(via: number, order: Parameters<typeof ensemble.reconfig>[1]): Promise<string> {
      const { config, error } = await ensemble.reconfig(via, order);
      assert.equal(error ?? 'none', 'none');
      for (const sid of ALL) assert.equal((await ensemble.config(sid)).config, config, `server ${sid}`);
      return config ?? '';
    }

    async function writeAtEach(path: string): Promise<void> {
      for (const sid of ALL) assert.equal((await ensemble.write(`${path}-${sid}`, sid)).ok, `${path}-${sid}`);
    }

    it('refuses another version, who may not, and a list of which no quorum is there', async () => {
      const present = await ensemble.config(1);
      const list = [4, 5].map((sid) => ensemble.line(sid)).join(',');
      // One server of each kind, and the leader.
      for (const via of [1, OURS, LEADER]) {
        const refused = async (order: Parameters<typeof ensemble.reconfig>[1]): Promise<string | undefined> =>
          (await ensemble.reconfig(via, order)).error;
        assert.equal(await refused({ leaving: '2', from: 7 }), 'BadVersionError');
        assert.equal(await refused({ leaving: '2', from: versionOf(present.config) + 1 }), 'BadVersionError');
        assert.equal(await refused({ leaving: '2', user: '' }), 'NoAuthError');
        assert.equal(await refused({ members: list }), 'NewConfigNoQuorumError');
      }
      for (const sid of [1, 2, 3]) assert.deepEqual(await ensemble.config(sid), present, `server ${sid}`);
    });

    it('takes an observer in, and makes it a participant when the version is the right one', async () => {
      await ensemble.join(JAVA, [1, 2, 3], 'observer');
      const config = await change(1, { joining: ensemble.line(JAVA, 'observer') });
      assert.ok(linesOf(config).includes(ensemble.line(JAVA, 'observer')), config);
      assert.equal(await ensemble.becomes(JAVA, 'observer'), 'observer');
      const next = await change(1, { joining: ensemble.line(JAVA), from: versionOf(config) });
      assert.ok(linesOf(next).includes(ensemble.line(JAVA)), next);
      await ensemble.becomes(JAVA, 'follower');
      const late = { joining: ensemble.line(JAVA, 'observer'), from: versionOf(config) };
      assert.equal((await ensemble.reconfig(1, late)).error, 'BadVersionError');
    });

    it('makes participants observers and back', async () => {
      for (const [sid, via] of [
        [OURS, JAVA],
        [JAVA, OURS],
      ] as const) {
        await change(via, { joining: ensemble.line(sid, 'observer') });
        await ensemble.becomes(sid, 'observer');
        await writeAtEach(`/observed-by-${sid}`);
        await change(via, { joining: ensemble.line(sid) });
        await ensemble.becomes(sid, 'follower');
      }
      await writeAtEach('/participants');
    });

    it('moves client ports', async () => {
      for (const sid of [OURS, JAVA]) {
        const [client = 0] = await freePorts(1);
        const order = { joining: ensemble.line(sid, 'participant', client) };
        assert.equal((await ensemble.reconfig(LEADER, order)).error ?? 'none', 'none');
        assert.match(await ensemble.probe(client), /^Mode: follower$/m);
        await eventually(
          `server ${sid} leaves its old port`,
          LIMIT_MS,
          async () => (await ensemble.member(sid).mode()) === '',
        );
        assert.equal((await ensemble.reconfig(LEADER, { joining: ensemble.line(sid) })).error ?? 'none', 'none');
        await ensemble.becomes(sid, 'follower');
      }
      await writeAtEach('/client-ports');
    });

    it('moves quorum and election ports of followers', async () => {
      for (const sid of ALL.filter((one) => one !== LEADER)) {
        const [quorum = 0, election = 0] = await freePorts(2);
        const line = withPorts(await lineOf(sid), { quorum, election });
        const config = await change(LEADER, { joining: line });
        assert.ok(linesOf(config).includes(line), config);
        await ensemble.becomes(sid, 'follower');
        await writeAtEach(`/ports-of-${sid}`);
      }
      assert.equal(await ensemble.member(LEADER).mode(), 'leader');
    });

    it('takes a whole new list', async () => {
      const lines = linesOf((await ensemble.config(1)).config);
      const fewer = lines.filter((line) => !line.startsWith('server.1='));
      assert.equal(idsOf(await change(OURS, { members: fewer.join(',') })), '2 3 4');
      // Removed, it follows without a vote.
      await ensemble.becomes(1, 'follower');
      await writeAtEach('/fewer');
      const all = await change(JAVA, { members: lines.join(',') });
      assert.deepEqual(linesOf(all), lines);
      await writeAtEach('/all');
    });

    it('answers the second of two requests that one is on its way', async () => {
      const leader = ensemble.member(LEADER);
      const lines = linesOf((await ensemble.config(1)).config);
      const proposals = async (): Promise<number> =>
        Number(/^zk_proposal_count\t(\d+)$/m.exec(await fourLetter(leader.clientPort, 'mntr'))?.[1]);
      const client = await WireClient.connect(leader.clientPort, PATIENT);
      await client.addAuth('digest', 'super:admin');
      const leave = async (sids: string): Promise<number> => {
        const { header } = await client.requestAny(OpCode.reconfig, (w) => {
          w.string(null);
          w.string(sids);
          w.string(null);
          w.long(-1);
        });
        return header.err;
      };
      const stopped = ensemble.member(OURS);
      await stopped.freeze();
      const known = await proposals();
      // The leader and the one that stands still are left: without that one the first request is not decided.
      const answers = Promise.all([leave(`1,${JAVA}`), leave('1')]);
      // A refusal is proposed, too, as it is answered in its turn.
      try {
        await eventually('both are proposed', LIMIT_MS, async () => (await proposals()) >= known + 2);
      } finally {
        stopped.send('SIGCONT');
      }
      assert.deepEqual(await answers, [0, ErrorCode.reconfigInProgress]);
      await client.close();
      assert.equal(idsOf((await ensemble.config(1)).config), `${OURS} ${LEADER}`);
      assert.deepEqual(linesOf(await change(OURS, { members: lines.join(',') })), lines);
      await writeAtEach('/one-at-a-time');
    });

    it('moves the quorum port of its leader: another leads', async () => {
      const [quorum = 0] = await freePorts(1);
      const line = withPorts(await lineOf(LEADER), { quorum });
      // Where the leader changes, a Java follower closes its clients' connections before it answers.
      const { error } = await ensemble.reconfig(OURS, { joining: line });
      assert.ok(error === undefined || error === 'ConnectionLoss', error);
      await ensemble.becomes(LEADER, 'follower');
      const next = await ensemble.leader(ALL.filter((sid) => sid !== LEADER));
      for (const sid of ALL.filter((one) => one !== next)) await ensemble.becomes(sid, 'follower');
      await writeAtEach('/leader-moved');
      const { config } = await ensemble.config(next);
      assert.ok(linesOf(config).includes(line), config);
      for (const sid of ALL) assert.equal((await ensemble.config(sid)).config, config, `server ${sid}`);
    });

    it('elects over the new ports', async () => {
      const old = await ensemble.leader(ALL);
      await ensemble.member(old).kill();
      const rest = ALL.filter((sid) => sid !== old);
      const next = await ensemble.leader(rest);
      for (const sid of rest) await ensemble.becomes(sid, sid === next ? 'leader' : 'follower');
      await ensemble.member(old).start();
      await ensemble.becomes(old, 'follower');
      await writeAtEach('/elected');
      for (const sid of ALL) {
        const lines = (await ensemble.member(sid).log()).split('\n');
        const quarrels = lines.filter((one) => /"code":"DIGEST_MISMATCH"|"end":"(PROTOCOL|INTERNAL)"/.test(one));
        assert.deepEqual(quarrels, [], `server ${sid}`);
      }
    });
  });
}
