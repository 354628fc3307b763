import type { Clock } from '../host/index.js';

export type PhaseName = 'discovery' | 'synchronization' | 'broadcast';

/** One phase of one role, for tools. */
export interface PhaseRecord {
  readonly role: 'leading' | 'following' | 'observing';
  readonly phase: PhaseName;
  readonly startedWallMs: number;
  /** Null while it lasts. */
  readonly durationMs: number | null;
  /** Known from the end of discovery on. */
  readonly epoch: number | null;
  /** How it went: synchronization by DIFF, the reason of the end, ... */
  readonly note: string;
}

type OpenPhase = { -readonly [Key in keyof PhaseRecord]: PhaseRecord[Key] };

const MAX_RECORDS = 128;

/** The phases that this server's roles went through, newest last, bounded. Outlives the roles. */
export class PhaseTrace {
  private readonly kept: OpenPhase[] = [];
  private open: { readonly record: OpenPhase; readonly startedMs: number } | null = null;

  constructor(private readonly clock: Clock) {}

  get records(): readonly PhaseRecord[] {
    return this.kept;
  }

  /** Begins a phase and ends the one before; returns how long that one took (0: there was none). */
  begin(role: PhaseRecord['role'], phase: PhaseName, epoch: number | null): number {
    const durationMs = this.end('');
    const record: OpenPhase = { role, phase, startedWallMs: this.clock.wallMs(), durationMs: null, epoch, note: '' };
    this.kept.push(record);
    if (this.kept.length > MAX_RECORDS) this.kept.shift();
    this.open = { record, startedMs: this.clock.monotonicMs() };
    return durationMs;
  }

  /** Adds to what is known about the phase under way. */
  note(text: string): void {
    const record = this.open?.record;
    if (record !== undefined && text !== '') record.note = record.note === '' ? text : `${record.note}; ${text}`;
  }

  /** Ends the phase under way; returns how long it took. */
  end(note: string): number {
    if (this.open === null) return 0;
    this.note(note);
    const { record, startedMs } = this.open;
    record.durationMs = this.clock.monotonicMs() - startedMs;
    this.open = null;
    return record.durationMs;
  }
}
