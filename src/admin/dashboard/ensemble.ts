import { formatEndpoint } from '../../host/index.js';
import type { QuorumServer } from '../../membership/index.js';
import type {
  EnsembleElections,
  EnsembleMember,
  EnsembleView,
  LearnerSummary,
  MemberElections,
  MemberSummary,
  ServerSummary,
} from '../../status/index.js';
import type { AdminTarget } from '../needs.js';
import type { PeerAnswer, Peers } from './peers.js';
import type { ServerFigures } from './server-summary.js';
import { isElectionStatus, isServerSummary, type Shape } from './shapes.js';

/**
 * The whole ensemble as seen from one server: it tells of itself, asks the admin ports of the others, and has of those that
 * do not answer what their leader knows, if the leader is this server or answers.
 */
export class EnsembleReport {
  constructor(
    private readonly target: AdminTarget,
    private readonly figures: ServerFigures,
    private readonly peers: Peers,
  ) {}

  async view(): Promise<EnsembleView> {
    const [own, others] = await Promise.all([this.figures.summary(), this.askOthers('server', isServerSummary)]);
    const known = [own, ...others.map(({ answer }) => answer.value)];
    const learners = learnersOf(known.find((summary) => summary?.mode === 'leader') ?? null);
    const members = others.map(({ server, answer }) => this.other(server, answer, learners.get(server.sid) ?? null));
    const self: EnsembleMember = {
      ...(own.members.find(({ sid }) => sid === own.sid) ?? { sid: own.sid, role: 'participant', address: '' }),
      source: 'self',
      summary: own,
      learner: learners.get(own.sid) ?? null,
      adminAddress: '',
      problem: '',
    };
    return { sid: own.sid, members: [self, ...members].sort((a, b) => a.sid - b.sid) };
  }

  async elections(): Promise<EnsembleElections> {
    const own = this.target.commands.status.elections();
    const { serverId: sid } = this.target.commands.status.settings;
    const others = await this.askOthers('elections', isElectionStatus);
    const members: MemberElections[] = others.map(({ server, answer }) => ({
      sid: server.sid,
      status: answer.value,
      problem: answer.problem,
    }));
    const all = [{ sid, status: own, problem: own === null ? 'it is alone' : '' }, ...members];
    return { sid, members: all.sort((a, b) => a.sid - b.sid) };
  }

  private askOthers<T extends { readonly sid: number }>(
    name: string,
    isRight: Shape<T>,
  ): Promise<{ readonly server: QuorumServer; readonly answer: PeerAnswer<T> }[]> {
    const { serverId } = this.target.commands.status.settings;
    const others = [...(this.target.verifier()?.members.values() ?? [])].filter(({ sid }) => sid !== serverId);
    return Promise.all(others.map(async (server) => ({ server, answer: await this.peers.ask(server, name, isRight) })));
  }

  private other(
    server: QuorumServer,
    { value: summary, problem }: PeerAnswer<ServerSummary>,
    learner: LearnerSummary | null,
  ): EnsembleMember {
    const source = summary !== null ? 'admin' : learner !== null ? 'leader' : 'none';
    const adminAddress = formatEndpoint(this.peers.adminEndpoint(server));
    return { ...memberOf(server), source, summary, learner, adminAddress, problem };
  }
}

function memberOf({ sid, role, addresses }: QuorumServer): MemberSummary {
  const [first] = addresses;
  return {
    sid,
    role,
    address: first === undefined ? '' : formatEndpoint({ host: first.host, port: first.quorumPort }),
  };
}

function learnersOf(leader: ServerSummary | null): Map<number, LearnerSummary> {
  return new Map(leader?.learners.map((learner) => [learner.sid, learner]));
}
