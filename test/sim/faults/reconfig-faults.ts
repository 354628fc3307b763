import { ErrorCode } from '../../../src/protocol/index.js';
import type { SeededRandom } from '../../fakes/index.js';
import type { ReconfigWish } from '../client/requests.js';
import type { Ensemble } from '../ensemble.js';
import { type Role, serverLine } from '../settings.js';
import { crashAtDisk, RECONFIG_SITES } from './crash-faults.js';
import type { FaultContext, FaultKind } from './fault.js';

const LEAST_VOTERS = 3;
const MOST_VOTERS = 7;
const RETRY_MS = 400;
const TRIES = 8;
/** A new server has so long to be there before it is asked for. */
const ENROLLED_MS = 1500;
const PORTS = ['2888:3888', '2889:3889'] as const;

/** What is asked for, and who is to be stopped when it was granted. */
interface Change {
  readonly wish: ReconfigWish;
  readonly removed: number | null;
}

type Changes = 'joins' | 'leaves' | 'replaces' | 'role' | 'moves' | 'bulk';

/** The list in force, and what may be changed in it now. */
class Lists {
  constructor(
    private readonly ensemble: Ensemble,
    private readonly random: SeededRandom,
  ) {}

  private get members(): ReadonlyMap<number, { readonly role: Role; readonly ports: string }> {
    const { members } = this.ensemble.configurations.current;
    return new Map(
      [...members].map(([sid, { addresses, role }]) => {
        const { electionPort, quorumPort } = addresses[0] ?? { quorumPort: 2888, electionPort: 3888 };
        return [sid, { role, ports: `${quorumPort}:${electionPort}` }];
      }),
    );
  }

  get lines(): string[] {
    return [...this.members].map(([sid, { role, ports }]) => serverLine(sid, role, ports));
  }

  private get voters(): number {
    return this.ensemble.configurations.current.voters.size;
  }

  private isVoter(sid: number): boolean {
    return this.ensemble.configurations.current.voters.has(sid);
  }

  /** One that is in no list; it may have to be started first. */
  stranger(): number | null {
    const { members } = this.ensemble.configurations.current;
    const outside = [...this.ensemble.servers.values()].filter(({ sid }) => !members.has(sid));
    return outside[this.random.below(outside.length)]?.sid ?? null;
  }

  /** Null: that cannot be done now. `sid`: whom it is about, `newcomer`: who comes. */
  change(kind: Changes, sid: number, newcomer: number | null): Change | null {
    const { members } = this;
    const own = members.get(sid);
    const none = { joining: null, leaving: null, members: null };
    switch (kind) {
      case 'joins': {
        if (newcomer === null || members.has(newcomer)) return null;
        const role = this.voters < MOST_VOTERS && !this.random.oneIn(3) ? 'participant' : 'observer';
        return { wish: { ...none, joining: serverLine(newcomer, role) }, removed: null };
      }
      case 'leaves':
        if (own === undefined || (this.isVoter(sid) && this.voters <= LEAST_VOTERS)) return null;
        return { wish: { ...none, leaving: String(sid) }, removed: sid };
      case 'replaces':
        if (own === undefined || newcomer === null || members.has(newcomer)) return null;
        return { wish: { ...none, joining: serverLine(newcomer, own.role), leaving: String(sid) }, removed: sid };
      case 'role': {
        if (own === undefined) return null;
        const role = this.isVoter(sid) ? 'observer' : 'participant';
        if (role === 'observer' && this.voters <= LEAST_VOTERS) return null;
        return { wish: { ...none, joining: serverLine(sid, role, own.ports) }, removed: null };
      }
      case 'moves': {
        if (own === undefined) return null;
        const ports = PORTS.find((one) => one !== own.ports) ?? PORTS[0];
        return { wish: { ...none, joining: serverLine(sid, own.role, ports) }, removed: null };
      }
      case 'bulk': {
        if (own === undefined || newcomer === null || members.has(newcomer)) return null;
        const rest = [...members].filter(([other]) => other !== sid);
        const lines = [...rest.map(([other, { role, ports }]) => serverLine(other, role, ports))];
        return { wish: { ...none, members: [...lines, serverLine(newcomer, own.role)].join(',') }, removed: sid };
      }
    }
  }
}

interface Occasions {
  readonly beforeAsking?: () => void;
  readonly granted?: () => void;
}

/** Brings a change about as an operator does: starts who is to come, asks until it is granted, stops who was removed. */
function reconfigure(context: FaultContext, kind: Changes, { beforeAsking, granted }: Occasions): 'laid' | false {
  const { ensemble, name, random } = context;
  const { sid } = ensemble.server(name);
  const lists = new Lists(ensemble, random);
  const newcomer = lists.stranger();
  if (lists.change(kind, sid, newcomer) === null) return false;
  const comes = kind === 'joins' || kind === 'replaces' || kind === 'bulk';
  const newName = ensemble.names.find((one) => ensemble.server(one).sid === newcomer);
  const isEnrolled =
    comes &&
    newcomer !== null &&
    newName !== undefined &&
    ensemble.enroll(newName, [...lists.lines, serverLine(newcomer, 'participant')]);
  const stops = random.oneIn(2);
  const ask = (left: number): void => {
    const change = ensemble.isOver || left === 0 ? null : lists.change(kind, sid, newcomer);
    if (change === null) return;
    const again = (): void => ensemble.after(RETRY_MS, () => ask(left - 1));
    const answered = (err: number): void => {
      ensemble.note(`reconfiguration "${kind}" of ${name}: ${err}`);
      ensemble.disturbed();
      if (err !== ErrorCode.ok) {
        again();
        return;
      }
      granted?.();
      if (change.removed !== null && stops) {
        ensemble.after(ENROLLED_MS, () => {
          if (!ensemble.configurations.current.members.has(sid)) ensemble.retire(name);
        });
      }
    };
    if (left === TRIES) beforeAsking?.();
    if (ensemble.askReconfig?.(change.wish, answered) !== true) again();
  };
  ensemble.after(isEnrolled ? ENROLLED_MS : 0, () => ask(TRIES));
  return 'laid';
}

function kindOf(name: string, kind: Changes): FaultKind {
  return { name, family: 'reconfig', strike: (context) => reconfigure(context, kind, { granted: context.happened }) };
}

const CRASHED: readonly Changes[] = ['joins', 'replaces', 'role', 'bulk', 'leaves', 'moves'];

/** Changes of the list of servers, while everything else happens. */
export const RECONFIG_FAULTS: readonly FaultKind[] = [
  kindOf('a server joins', 'joins'),
  kindOf('a server leaves', 'leaves'),
  kindOf('a server is replaced', 'replaces'),
  kindOf('a server changes its role', 'role'),
  kindOf('a server moves', 'moves'),
  kindOf('a new list', 'bulk'),
  {
    name: 'crash while the list changes',
    family: 'reconfig',
    weight: 2,
    strike: (context) => {
      const { ensemble, fault, happened, other, random } = context;
      const from = random.below(CRASHED.length);
      const beforeAsking = (): void => {
        const name = random.oneIn(2) ? ensemble.find('leader') : random.oneIn(2) ? context.name : other;
        if (random.oneIn(2)) {
          crashAtDisk(context, name, RECONFIG_SITES);
          return;
        }
        ensemble.after(random.below(40), () => {
          if (ensemble.crash(name, random.oneIn(2) ? 'lose' : 'tear', fault.forMs)) happened();
        });
      };
      const kinds = CRASHED.map((_kind, at) => CRASHED[(from + at) % CRASHED.length] ?? 'role');
      return kinds.some((kind) => reconfigure(context, kind, { beforeAsking }) !== false) ? 'laid' : false;
    },
  },
];
