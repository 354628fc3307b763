/** One kind of request. */
export const KINDS = ['get', 'set', 'exists', 'children', 'create', 'delete', 'sync', 'multi'] as const;
export type Kind = (typeof KINDS)[number];
export type Mix = Readonly<Partial<Record<Kind, number>>>;

/** What a run does: a mix of requests, or one of the scenes that are more than requests. */
export type Scene = 'mix' | 'locks' | 'watches' | 'sessions';

export interface Profile {
  readonly scene: Scene;
  readonly mix: Mix;
  readonly about: string;
}

export const PROFILES: Readonly<Record<string, Profile>> = {
  mixed: { scene: 'mix', mix: { get: 80, set: 20 }, about: 'reads and writes: get=80,set=20' },
  reads: { scene: 'mix', mix: { get: 90, exists: 5, children: 5 }, about: 'get=90,exists=5,children=5' },
  writes: { scene: 'mix', mix: { set: 80, create: 10, delete: 10 }, about: 'set=80,create=10,delete=10' },
  locks: { scene: 'locks', mix: {}, about: 'sessions take turns at locks; latency: from asking to holding' },
  watches: { scene: 'watches', mix: {}, about: 'sessions watch one node; latency: from the change to each being told' },
  sessions: { scene: 'sessions', mix: {}, about: 'a storm of sessions that open and close; latency: until it is open' },
};

/** All numbers of a run. */
export interface Plan {
  readonly scene: Scene;
  readonly mix: Mix;
  readonly sessions: number;
  /** Requests under way on each session, in a closed loop. */
  readonly depth: number;
  /** Bytes of a node's data. */
  readonly payloadBytes: number;
  /** Nodes that are read and written; locks of the scene `locks`. */
  readonly keys: number;
  /** Requests a second over all sessions; 0: as many as the depth lets through (closed loop). */
  readonly ratePerS: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly sessionTimeoutMs: number;
}

/** One worker's part: plain data, for it goes to another thread. */
export interface Share {
  /** A connect string without a chroot. */
  readonly servers: string;
  /** Below which everything of the run lies; made before, removed after. */
  readonly root: string;
  readonly plan: Plan;
  /** Which of how many workers. */
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
}

/** The part of `total` that worker `worker` of `workers` has. */
export function shareOf(total: number, worker: number, workers: number): number {
  return Math.floor(total / workers) + (worker < total % workers ? 1 : 0);
}

/** Reads `get=90,set=10`; a word without a number counts 1. Throws an `Error` that names the word. */
export function parseMix(text: string): Mix {
  const mix: Partial<Record<Kind, number>> = {};
  for (const word of text.split(',').filter((one) => one !== '')) {
    const [name = '', weight = '1'] = word.split('=');
    const kind = KINDS.find((known) => known === name);
    if (kind === undefined) throw new Error(`"${name}" is no operation; there are ${KINDS.join(', ')}`);
    if (!/^\d+$/.test(weight)) throw new Error(`the weight of ${name} must be a whole number, not "${weight}"`);
    mix[kind] = (mix[kind] ?? 0) + Number(weight);
  }
  const total = Object.values(mix).reduce((sum, weight) => sum + weight, 0);
  if (total === 0) throw new Error('a mix needs an operation with a weight above 0');
  return mix;
}
