import type { Outcome } from './simulation.js';

/** Adds up what the runs of a range came to. */
export class Statistics {
  private readonly outcomes: { leaders: number; faults: number; ackedWrites: number }[] = [];
  private readonly seedsWith = new Map<string, number>();
  private readonly totals = new Map<string, number>();
  private virtualMs = 0;
  failures = 0;

  add({ figures, problems, virtualMs }: Outcome): void {
    const faults = Object.values(figures.faults).reduce((sum, count) => sum + count, 0);
    this.outcomes.push({ leaders: figures.leaders, faults, ackedWrites: figures.ackedWrites });
    for (const name of Object.keys(figures.faults)) this.count(`fault ${name}`);
    for (const how of Object.keys(figures.syncs)) this.count(`sync ${how}`);
    const sums = Object.entries(figures).filter((each): each is [string, number] => typeof each[1] === 'number');
    for (const [name, value] of [['faults', faults] as const, ...sums])
      this.totals.set(name, (this.totals.get(name) ?? 0) + value);
    this.virtualMs += virtualMs;
    if (problems.length > 0) this.failures++;
  }

  get seeds(): number {
    return this.outcomes.length;
  }

  report(cpuSeconds: number): string {
    const { seeds } = this;
    if (seeds === 0) return 'no seeds';
    const median = (of: 'leaders' | 'faults' | 'ackedWrites') =>
      this.outcomes.map((one) => one[of]).sort((a, b) => a - b)[Math.floor(seeds / 2)] ?? 0;
    const virtualSeconds = this.virtualMs / 1000;
    const lines = [
      `${seeds} seeds, ${this.failures} failed; ${(virtualSeconds / 3600).toFixed(2)} virtual hours, ` +
        `${(virtualSeconds / cpuSeconds).toFixed(0)} virtual seconds a second of CPU`,
      `medians a seed: ${median('leaders') - 1} leader changes, ${median('faults')} faults, ${median('ackedWrites')} acknowledged writes`,
      `in all: ${[...this.totals].map(([name, value]) => `${value} ${words(name)}`).join(', ')}`,
      'share of seeds in which it happened:',
      ...[...this.seedsWith]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, count]) => `  ${((100 * count) / seeds).toFixed(1).padStart(5)} %  ${name}`),
    ];
    return lines.join('\n');
  }

  private count(name: string): void {
    this.seedsWith.set(name, (this.seedsWith.get(name) ?? 0) + 1);
  }
}

function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
