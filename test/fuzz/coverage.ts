import { type Profiler, Session } from 'node:inspector';

/** The code under test: the server's, and decoders with planted mistakes. */
const SOURCES = /\/src\/|\/planted\.[jt]s$/;

interface Newcomers {
  readonly reached: Uint8Array;
  readonly offsets: readonly number[];
}

/** Which characters of the sources' functions have run, as V8 counts them. */
export class Coverage {
  /** So many have run. */
  characters = 0;
  private readonly session = new Session();
  /** For each function, by its place: 1 where it has run. */
  private readonly reached = new Map<string, Uint8Array>();
  private newest: Newcomers[] = [];

  constructor() {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many characters ran since the last call that had never run before. */
  takeNew(): number {
    this.newest = [];
    const before = this.characters;
    for (const { functions, scriptId, url } of this.take()) {
      if (!SOURCES.test(url)) continue;
      for (const { ranges } of functions) this.add(scriptId, ranges);
    }
    return this.characters - before;
  }

  /** What the last call found new is new again. */
  forgetLast(): void {
    for (const { offsets, reached } of this.newest) {
      for (const offset of offsets) reached[offset] = 0;
      this.characters -= offsets.length;
    }
    this.newest = [];
  }

  close(): void {
    this.session.disconnect();
  }

  /** The first range is the whole function; those inside it say where its count is another one. */
  private add(scriptId: string, ranges: readonly Profiler.CoverageRange[]): void {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return;
    const { endOffset, startOffset } = whole;
    const now = new Uint8Array(endOffset - startOffset);
    for (const range of ranges) {
      now.fill(range.count > 0 ? 1 : 0, range.startOffset - startOffset, range.endOffset - startOffset);
    }
    const key = `${scriptId}:${startOffset}:${endOffset}`;
    let reached = this.reached.get(key);
    if (reached === undefined) this.reached.set(key, (reached = new Uint8Array(now.length)));
    const offsets: number[] = [];
    for (let offset = 0; offset < now.length; offset++) {
      if (now[offset] !== 1 || reached[offset] === 1) continue;
      reached[offset] = 1;
      offsets.push(offset);
    }
    if (offsets.length === 0) return;
    this.newest.push({ reached, offsets });
    this.characters += offsets.length;
  }

  /** In one thread the answer comes before `post` returns. */
  private take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error;
      ({ result } = answer);
    });
    return result;
  }
}
