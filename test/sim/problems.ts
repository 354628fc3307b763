/** What a checker found wrong. `rule` names the promise that was broken. */
export interface Problem {
  readonly rule: string;
  readonly atMs: number;
  readonly text: string;
}

const KEPT = 20;

/** Collects what the checkers of one run find. */
export class Problems {
  readonly found: Problem[] = [];
  /** Called at each problem: the run need not go on. */
  onProblem: (() => void) | null = null;

  /** `nowMs`: virtual milliseconds; `counts`: rules that are looked at. */
  constructor(
    readonly nowMs: () => number,
    private readonly counts: (rule: string) => boolean = () => true,
  ) {}

  report(rule: string, text: string): void {
    if (!this.counts(rule)) return;
    if (this.found.length < KEPT) this.found.push({ rule, atMs: this.nowMs(), text });
    this.onProblem?.();
  }
}

export function describeProblem({ rule, atMs, text }: Problem): string {
  return `${rule} at ${(atMs / 1000).toFixed(3)} s: ${text}`;
}
