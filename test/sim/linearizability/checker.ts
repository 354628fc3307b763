/** One operation of a concurrent history. */
export interface Operation<T> {
  readonly value: T;
  readonly invokedMs: number;
  /** Infinity: it was never answered, and may take effect at any later time or never. */
  readonly returnedMs: number;
}

/** What an object does, one operation after the other. */
export interface SequentialModel<S, T> {
  readonly initial: S;
  /** The state behind the operation; null when it could not have gone like that. An unanswered one always can. */
  step(state: S, operation: T): S | null;
  /** Equal for equal states. */
  keyOf(state: S): string;
}

export type Verdict<T> =
  | { readonly kind: 'linearizable' }
  /** `stuck`: the operations of which none can come next, behind the longest order that was found. */
  | { readonly kind: 'not linearizable'; readonly ordered: readonly T[]; readonly stuck: readonly T[] }
  | { readonly kind: 'undecided' };

interface Entry {
  readonly id: number;
  readonly isCall: boolean;
  readonly atMs: number;
  previous: Entry | null;
  next: Entry | null;
  /** Of a call: its return. */
  match: Entry | null;
}

interface Choice<S> {
  readonly call: Entry;
  readonly before: S;
}

/**
 * Is there an order of these operations, each at some moment between its invocation and its return, that the model allows?
 * The algorithm is Wing and Gong's search with Lowe's memory of what was tried (Lowe, "Testing for linearizability", 2017):
 * sets of ordered operations with the state they lead to. Gives up after `mostSteps`.
 */
export function checkLinearizable<S, T>(
  operations: readonly Operation<T>[],
  model: SequentialModel<S, T>,
  mostSteps = 2_000_000,
): Verdict<T> {
  return new Search(operations, model, mostSteps).run();
}

class Search<S, T> {
  private readonly head: Entry;
  private readonly done: Uint8Array;
  private readonly tried = new Set<string>();
  private readonly choices: Choice<S>[] = [];
  private best: number[] = [];
  private bestStuck: number[] = [];
  private answeredLeft: number;
  private steps = 0;

  constructor(
    private readonly operations: readonly Operation<T>[],
    private readonly model: SequentialModel<S, T>,
    private readonly mostSteps: number,
  ) {
    this.head = entriesOf(operations);
    this.done = new Uint8Array(Math.ceil(operations.length / 8));
    this.answeredLeft = operations.filter(({ returnedMs }) => returnedMs !== Number.POSITIVE_INFINITY).length;
  }

  run(): Verdict<T> {
    let state = this.model.initial;
    let entry = this.head.next;
    while (this.answeredLeft > 0) {
      if (++this.steps > this.mostSteps) return { kind: 'undecided' };
      if (entry?.isCall === true) {
        const next = this.model.step(state, this.value(entry));
        if (next !== null && this.isNew(entry, next)) {
          this.choices.push({ call: entry, before: state });
          state = next;
          this.take(entry);
          entry = this.head.next;
        } else {
          entry = entry.next;
        }
        continue;
      }
      // A return: whatever comes behind it cannot be before it. Something that was chosen must be wrong.
      this.remember();
      const last = this.choices.pop();
      if (last === undefined) return this.failure();
      state = last.before;
      this.putBack(last.call);
      entry = last.call.next;
    }
    return { kind: 'linearizable' };
  }

  private value({ id }: Entry): T {
    return (this.operations[id] as Operation<T>).value;
  }

  private isNew({ id }: Entry, state: S): boolean {
    this.flip(id);
    const key = `${String.fromCharCode(...this.done)}|${this.model.keyOf(state)}`;
    if (this.tried.has(key)) {
      this.flip(id);
      return false;
    }
    this.tried.add(key);
    return true;
  }

  private flip(id: number): void {
    this.done[id >> 3] = (this.done[id >> 3] ?? 0) ^ (1 << (id & 7));
  }

  private take(call: Entry): void {
    unlink(call);
    if (call.match !== null) unlink(call.match);
    if (this.isAnswered(call)) this.answeredLeft--;
  }

  private putBack(call: Entry): void {
    this.flip(call.id);
    if (call.match !== null) relink(call.match);
    relink(call);
    if (this.isAnswered(call)) this.answeredLeft++;
  }

  private isAnswered({ match }: Entry): boolean {
    return match !== null && match.atMs !== Number.POSITIVE_INFINITY;
  }

  private remember(): void {
    if (
      this.best.length > this.choices.length ||
      (this.bestStuck.length > 0 && this.best.length === this.choices.length)
    )
      return;
    this.best = this.choices.map(({ call }) => call.id);
    this.bestStuck = [];
    for (let entry = this.head.next; entry?.isCall === true; entry = entry.next) this.bestStuck.push(entry.id);
  }

  private failure(): Verdict<T> {
    const values = (ids: readonly number[]) => ids.map((id) => (this.operations[id] as Operation<T>).value);
    return { kind: 'not linearizable', ordered: values(this.best), stuck: values(this.bestStuck) };
  }
}

/** Calls and returns in the order of time; at one moment calls come first, which allows more orders. */
function entriesOf(operations: readonly Operation<unknown>[]): Entry {
  const entries: Entry[] = [];
  for (const [id, { invokedMs, returnedMs }] of operations.entries()) {
    const links = { previous: null, next: null, match: null };
    const answer: Entry = { id, isCall: false, atMs: returnedMs, ...links };
    entries.push({ id, isCall: true, atMs: invokedMs, ...links, match: answer }, answer);
  }
  entries.sort((a, b) => (a.atMs === b.atMs ? Number(b.isCall) - Number(a.isCall) : a.atMs < b.atMs ? -1 : 1));
  const head: Entry = { id: -1, isCall: false, atMs: 0, previous: null, next: null, match: null };
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function unlink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous !== null) entry.previous.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
}
