import assert from 'node:assert/strict';
import { parseMembership } from '../../src/membership/index.js';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { encodeNotification, formatZxid, NO_PROPOSAL } from '../../src/protocol/index.js';
import type { ServerState } from '../../src/protocol/index.js';
import { ScriptedEnsemble, ScriptedServer } from './scripted-ensemble.js';

/** `name 1 2 key=value` */
class Words {
  readonly name: string;
  readonly plain: readonly string[];
  private readonly named: ReadonlyMap<string, string>;

  constructor(command: string) {
    const [name = '', ...words] = command.split(/\s+/);
    this.name = name;
    this.plain = words.filter((word) => !word.includes('='));
    this.named = new Map(
      words.filter((word) => word.includes('=')).map((word) => word.split('=', 2) as [string, string]),
    );
  }

  text(key: string): string | undefined {
    return this.named.get(key);
  }

  number(key: string, otherwise: number): number {
    const text = this.named.get(key);
    if (text === 'nobody') return NO_PROPOSAL;
    return text === undefined ? otherwise : Number(text);
  }

  sids(): number[] {
    return this.plain.map(Number);
  }
}

function membership(words: Words): QuorumVerifier {
  const entries: [string, string][] = words.sids().map((sid) => [`server.${sid}`, `s${sid}:2888:3888`]);
  for (const sid of words.text('observers')?.split(',') ?? [])
    entries.push([`server.${sid}`, `s${sid}:2888:3888:observer`]);
  words
    .text('groups')
    ?.split('/')
    .forEach((group, index) => entries.push([`group.${index + 1}`, group.replaceAll(',', ':')]));
  for (const pair of words.text('weights')?.split(',') ?? []) {
    const [sid = '', weight = ''] = pair.split(':');
    entries.push([`weight.${sid}`, weight]);
  }
  const version = words.text('version');
  if (version !== undefined) entries.push(['version', version]);
  return parseMembership(entries, words.text('oracle') === undefined ? {} : { oracle: () => oracleSays });
}

/** What the oracle of the running scenario answers. */
let oracleSays = false;

/** A notification in one of the formats that servers of all ages send. */
function notificationBytes(words: Words, state: ServerState, config: string): Buffer {
  const bytes = encodeNotification({
    state,
    leader: words.number('leader', NO_PROPOSAL),
    zxid: words.number('zxid', 0),
    electionEpoch: BigInt(words.text('round') ?? 1),
    peerEpoch: words.number('epoch', 0),
    version: 2,
    config,
  });
  const version = words.text('version') ?? '2';
  if (version === '2') return bytes;
  if (version === '1') {
    const short = Buffer.concat([bytes.subarray(0, 40), Buffer.alloc(4)]);
    short.writeInt32BE(1, 36);
    return short;
  }
  return bytes.subarray(0, words.text('bytes') === '28' ? 28 : 40);
}

/** Runs the commands of one scenario file. */
export class Scenario {
  private ensemble: ScriptedEnsemble | null = null;

  async run(command: string): Promise<readonly string[]> {
    const words = new Words(command);
    if (words.name === 'ensemble') {
      this.ensemble = new ScriptedEnsemble(membership(words));
      oracleSays = false;
      return this.ensemble.verifier.toText().split('\n');
    }
    const { ensemble } = this;
    assert.ok(ensemble !== null, 'the first command must be: ensemble');
    await this.act(ensemble, words);
    await ensemble.quiet();
    return ensemble.takePrinted();
  }

  async end(): Promise<void> {
    for (const sid of [...(this.ensemble?.servers.keys() ?? [])]) await this.ensemble?.kill(sid);
  }

  private async act(ensemble: ScriptedEnsemble, words: Words): Promise<void> {
    switch (words.name) {
      case 'server':
        return this.addServers(ensemble, words);
      case 'ghost':
        words.sids().forEach((sid) => ensemble.ghosts.add(sid));
        return;
      case 'look':
        return this.look(ensemble, words);
      case 'say':
        return this.say(ensemble, words);
      case 'deliver':
        return this.deliver(ensemble, words);
      case 'settle':
        return ensemble.settle();
      case 'advance':
        return ensemble.clock.advance(Number(words.plain[0]));
      case 'run':
        return ensemble.run(Number(words.plain[0]));
      case 'kill':
        for (const sid of words.sids()) await ensemble.kill(sid);
        return;
      case 'cut':
      case 'heal': {
        const [a = 0, b = 0] = words.sids();
        ensemble[words.name](a, b);
        return;
      }
      case 'down':
        for (const server of ensemble.servers.values()) words.sids().forEach((sid) => server.onPeerDown?.(sid));
        return ensemble.settle();
      case 'joined':
        for (const sid of words.sids())
          this.server(ensemble, sid).election.updateElectionVote(words.number('epoch', 0));
        return;
      case 'oracle':
        oracleSays = words.plain[0] === 'yes';
        return;
      case 'proposed':
        this.proposeConfig(ensemble, words);
        return;
      case 'states':
        this.printStates(ensemble);
        return;
      case 'phases':
        this.printPhases(ensemble, words);
        return;
      default:
        assert.fail(`unknown command: ${words.name}`);
    }
  }

  private server(ensemble: ScriptedEnsemble, sid: number): ScriptedServer {
    const server = ensemble.servers.get(sid);
    assert.ok(server !== undefined, `there is no server ${sid}`);
    return server;
  }

  /** `server 1 2 zxid=0x100000000 epoch=1`: real elections, not looking yet. */
  private addServers(ensemble: ScriptedEnsemble, words: Words): void {
    for (const sid of words.sids()) {
      const zxid = words.number('zxid', 0);
      const epoch = words.number('epoch', Math.floor(zxid / 2 ** 32));
      const server = ensemble.servers.get(sid) ?? new ScriptedServer(ensemble, sid, zxid, epoch);
      Object.assign(server, { zxid, epoch });
      ensemble.servers.set(sid, server);
    }
  }

  private async look(ensemble: ScriptedEnsemble, words: Words): Promise<void> {
    for (const sid of words.sids()) {
      this.server(ensemble, sid)
        .look()
        .catch((error: unknown) => {
          ensemble.print(`${sid}: FAILED ${String(error)}`);
        });
      await ensemble.quiet();
    }
  }

  /** `say 3->1 LEADING leader=3 round=1 epoch=1 zxid=0x100000000 [version=0|1|2] [config=...]`: a ghost speaks. */
  private async say(ensemble: ScriptedEnsemble, words: Words): Promise<void> {
    const [route = '', state = ''] = words.plain;
    const [from = 0, to = 0] = route.split('->').map(Number);
    const config = words.text('config')?.replaceAll('~', '=').replaceAll(',', '\n') ?? ensemble.verifier.toText();
    const bytes =
      words.text('hex') === undefined
        ? notificationBytes(words, state as ServerState, config)
        : Buffer.from(words.text('hex') ?? '', 'hex');
    this.server(ensemble, to).hear(from, bytes);
    await ensemble.quiet();
  }

  /** `deliver`, or `deliver 1->2`: what is on its way now. */
  private async deliver(ensemble: ScriptedEnsemble, words: Words): Promise<void> {
    const routes = words.plain;
    await ensemble.deliver(({ from, to }) => routes.length === 0 || routes.includes(`${from}->${to}`));
  }

  /** `proposed 1 voters=2,3,4 version=5`: server 1 has seen a newer configuration that is not committed. */
  private proposeConfig(ensemble: ScriptedEnsemble, words: Words): void {
    const voters = words.text('voters')?.replaceAll(',', ' ') ?? '';
    const proposed = membership(new Words(`proposed ${voters} version=${words.text('version') ?? '1'}`));
    for (const sid of words.sids()) this.server(ensemble, sid).lastSeen = proposed;
  }

  private printStates(ensemble: ScriptedEnsemble): void {
    for (const [sid, { election, ...server }] of [...ensemble.servers].map(
      ([id, s]) => [id, { election: s.election, state: s.state() }] as const,
    )) {
      const { leader, zxid, electionEpoch, peerEpoch } = election.currentVote;
      ensemble.print(
        `${sid}: ${server.state}, leader ${leader} zxid ${formatZxid(zxid)} epoch ${peerEpoch}, round ${electionEpoch}`,
      );
    }
  }

  private printPhases(ensemble: ScriptedEnsemble, words: Words): void {
    for (const sid of words.sids()) {
      for (const record of this.server(ensemble, sid).election.trace.elections) {
        const phases = record.phases.map(
          ({ name, startMs, durationMs }) => `${name} ${startMs}+${durationMs ?? 'going on'}`,
        );
        ensemble.print(
          `${sid}: round ${record.round}, ${record.durationMs ?? 'not yet'} ms, ${record.events.length} steps: ${phases.join(', ')}`,
        );
      }
    }
  }
}
