import type { Ensemble } from '../ensemble.js';
import type { FaultContext, FaultKind } from './fault.js';

/** Clients that are told to come are there, and at work, after so long. */
const GATHERED_MS = 300;
const MOST_CLIENTS = 2;
/** Long enough for a client to be served elsewhere, and too short for anybody to give the server up. */
const SHORT_PAUSE_MS = 400;

/** The server that its clients leave: mostly one that others serve, as long as there is one. */
function leftServer({ ensemble, name, random }: FaultContext): string {
  const observers = ensemble.names.filter((one) => ensemble.server(one).observes);
  return observers.length > 0 && !random.oneIn(4) ? (observers[random.below(observers.length)] ?? name) : name;
}

/** Where they go: mostly to where the same server passes requests on to the leader, for that one takes both for one. */
function goalOf(ensemble: Ensemble, from: string, random: FaultContext['random']): string | undefined {
  const others = ensemble.names.filter((one) => one !== from && ensemble.server(one).pipeline !== null);
  const master = ensemble.masterOf(from);
  const near = others.filter((one) => master !== null && (one === master || ensemble.masterOf(one) === master));
  const candidates = near.length > 0 && !random.oneIn(4) ? near : others;
  return candidates[random.below(Math.max(1, candidates.length))];
}

/** Clients go from one server to another, and what they asked for on the way is passed on late. */
export const MOVE_FAULTS: readonly FaultKind[] = [
  {
    name: 'pause while clients move',
    family: 'move',
    strike: (context) => {
      const { ensemble, fault, happened, random } = context;
      const from = leftServer(context);
      const pauseMs = random.oneIn(4) ? fault.forMs : 20 + random.below(SHORT_PAUSE_MS);
      // Some of what they ask for may be on its way before the server stands still.
      const delayMs = random.oneIn(2) ? 0 : 4 * random.fraction();
      ensemble.crowd?.gather(from, 1 + random.below(MOST_CLIENTS), random);
      ensemble.after(GATHERED_MS, () => {
        const to = goalOf(ensemble, from, random);
        if (ensemble.isOver || to === undefined || ensemble.crowd?.move(from, to) !== true) return;
        ensemble.note(`clients of ${from} move to ${to}, and it stands still for ${pauseMs} ms`);
        happened();
        ensemble.after(delayMs, () => {
          if (ensemble.isOver) return;
          ensemble.world.pause(from);
          ensemble.during(pauseMs, () => ensemble.world.resume(from));
        });
      });
      return 'laid';
    },
  },
];
