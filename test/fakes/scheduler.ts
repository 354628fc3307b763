/** One thing that will happen at a virtual time. */
export interface SimEvent {
  readonly dueMs: number;
  readonly order: number;
  /** Undefined once it was cancelled. */
  fn: (() => void) | undefined;
  readonly gate: Gate;
}

/** The life of one process: events behind a closed gate wait, those of a dead one never happen. */
export class Gate {
  private state: 'open' | 'closed' | 'dead' = 'open';
  private held: SimEvent[] = [];

  constructor(private readonly scheduler: Scheduler) {}

  get isDead(): boolean {
    return this.state === 'dead';
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  /** As SIGSTOP does: time goes on, this process does not. */
  close(): void {
    if (this.state === 'open') this.state = 'closed';
  }

  /** What came due meanwhile happens now, in its order. */
  open(): void {
    if (this.state !== 'closed') return;
    this.state = 'open';
    const held = this.held;
    this.held = [];
    for (const event of held) {
      this.scheduler.at(this.scheduler.nowMs, this, () => event.fn?.());
    }
  }

  kill(): void {
    this.state = 'dead';
    this.held = [];
  }

  /** For the scheduler: runs the event or keeps it. */
  pass(event: SimEvent): void {
    if (this.state === 'open') event.fn?.();
    else if (this.state === 'closed') this.held.push(event);
  }
}

/** Too many events without time moving: something calls itself for ever. */
const LIVELOCK_EVENTS = 200_000;
/** How often a long run lets the real event loop turn (time-outs of tests). */
const EVENTS_PER_REAL_TURN = 8192;

/**
 * Virtual time and all that will happen in it: a heap ordered by due time, then by creation.
 * Between two events every promise chain, however deep, runs dry.
 */
export class Scheduler {
  nowMs = 0;
  eventCount = 0;
  /** Mixes time and order of all events so far: equal runs have equal fingerprints. */
  fingerprint = 0;
  /** For what belongs to no process (wires, disks). */
  readonly always: Gate;
  private readonly heap: SimEvent[] = [];
  private nextOrder = 0;
  private sameTimeEvents = 0;
  private running = false;
  private ending: (() => void)[] = [];

  constructor() {
    this.always = new Gate(this);
  }

  at(dueMs: number, gate: Gate, fn: () => void): SimEvent {
    const event: SimEvent = { dueMs: Math.max(dueMs, this.nowMs), order: this.nextOrder++, fn, gate };
    this.heap.push(event);
    this.siftUp(this.heap.length - 1);
    return event;
  }

  /** Calls `fn` when the present event and everything it made ready is through, before the next one. */
  atEndOfTurn(fn: () => void): void {
    this.ending.push(fn);
  }

  /** When the next live event is due; undefined when nothing will ever happen. */
  nextDueMs(): number | undefined {
    for (;;) {
      const first = this.heap[0];
      if (first === undefined) return undefined;
      if (first.fn !== undefined && !first.gate.isDead) return first.dueMs;
      this.pop();
    }
  }

  /**
   * Lets virtual time run until `done()` holds, or nothing is left that is due until `limitMs`; says which. `done` is asked
   * between events only, when all microtasks are through.
   */
  async drive(limitMs: number, done: () => boolean): Promise<boolean> {
    if (this.running) throw new Error('the world is running already: await one run before the next');
    this.running = true;
    try {
      await microtasksDone();
      return await new Promise<boolean>((resolve, reject) => {
        const turn = (): void => {
          try {
            const result = this.driveSome(limitMs, done);
            if (result === undefined) setImmediate(turn);
            else resolve(result);
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        };
        // Microtasks can be run to their end from outside of them only.
        setImmediate(turn);
      });
    } finally {
      this.running = false;
    }
  }

  /** As `drive`, but gives the real event loop its turn after a while (undefined then). */
  private driveSome(limitMs: number, done: () => boolean): boolean | undefined {
    // What was done from outside since the last run.
    if (this.ending.length > 0) this.endTurn();
    for (let left = EVENTS_PER_REAL_TURN; left > 0; left--) {
      if (done()) return true;
      const dueMs = this.nextDueMs();
      if (dueMs === undefined || dueMs > limitMs) return false;
      this.fire();
      runMicrotasks();
      if (this.ending.length > 0) this.endTurn();
    }
    return undefined;
  }

  private endTurn(): void {
    while (this.ending.length > 0) {
      const ending = this.ending;
      this.ending = [];
      for (const fn of ending) fn();
      runMicrotasks();
    }
  }

  private fire(): void {
    const event = this.pop();
    if (event === undefined) return;
    if (event.dueMs > this.nowMs) {
      this.nowMs = event.dueMs;
      this.sameTimeEvents = 0;
    } else if (++this.sameTimeEvents > LIVELOCK_EVENTS) {
      throw new Error(`livelock: ${LIVELOCK_EVENTS} events at virtual time ${this.nowMs} ms`);
    }
    this.eventCount++;
    this.mix(event.order);
    this.mix(Math.round(event.dueMs * 1000));
    event.gate.pass(event);
  }

  mix(value: number): void {
    this.fingerprint = Math.imul(this.fingerprint ^ value, 0x01000193) >>> 0;
  }

  private pop(): SimEvent | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    heap[0] = last;
    this.siftDown();
    return first;
  }

  private siftUp(start: number): void {
    const { heap } = this;
    const event = heap[start] as SimEvent;
    let at = start;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as SimEvent;
      if (isBefore(parent, event)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  private siftDown(): void {
    const { heap } = this;
    const event = heap[0] as SimEvent;
    let at = 0;
    for (;;) {
      let childAt = at * 2 + 1;
      if (childAt >= heap.length) break;
      const right = heap[childAt + 1];
      if (right !== undefined && isBefore(right, heap[childAt] as SimEvent)) childAt++;
      const child = heap[childAt] as SimEvent;
      if (isBefore(event, child)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = event;
  }
}

function isBefore(one: SimEvent, other: SimEvent): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}

/**
 * Runs every promise reaction and tick that is ready, and those that they make ready, before it returns: what Node itself
 * calls after each callback of its event loop. (A promise for it, awaited after each event, would cost more than the event.)
 */
const runMicrotasks = (process as NodeJS.Process & { _tickCallback(): void })._tickCallback.bind(process);

/**
 * Resolves when no promise reaction is left to run: Node turns to the tick queue only after the microtask queue is empty,
 * whatever the depth of its chains, and this costs no turn of the event loop. (The core cannot name `process.nextTick`; code
 * that did would run before this, but not the promises of its ticks.)
 */
export async function microtasksDone(): Promise<void> {
  // From inside a tick another tick would come before the microtasks; from inside a microtask it comes after them.
  await Promise.resolve();
  await tick();
}

/** As `microtasksDone`, for callers that run in a microtask. */
function tick(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
