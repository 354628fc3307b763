import type { Clock } from '../host/index.js';

export type PhaseName = 'discovery' | 'synchronization' | 'broadcast';

/** One phase of one role, for tools. */
export interface PhaseRecord {
  readonly role: 'leading' | 'following' | 'observing';
  readonly phase: PhaseName;
  readonly startedWallMs: number;
  /** Monotonic. */
  readonly startedMs: number;
  /** Null while it lasts. */
  readonly durationMs: number | null;
  /** Known from the end of discovery on. */
  readonly epoch: number | null;
  /** Monotonic time at which the role began to serve; null in other phases, and when it has not come to that. */
  readonly servingMs: number | null;
  /** How it went: synchronization by DIFF, the reason of the end, ... */
  readonly note: string;
}

type OpenPhase = { -readonly [Key in keyof PhaseRecord]: PhaseRecord[Key] };

const MAX_RECORDS = 128;

/** The phases that this server's roles went through, newest last, bounded. Outlives the roles. */
export class PhaseTrace {
  private readonly kept: OpenPhase[] = [];
  private open: OpenPhase | null = null;

  constructor(private readonly clock: Clock) {}

  get records(): readonly PhaseRecord[] {
    return this.kept;
  }

  /** Begins a phase and ends the one before; returns how long that one took (0: there was none). */
  begin(role: PhaseRecord['role'], phase: PhaseName, epoch: number | null): number {
    const durationMs = this.end('');
    const record: OpenPhase = {
      role,
      phase,
      startedWallMs: this.clock.wallMs(),
      startedMs: this.clock.monotonicMs(),
      durationMs: null,
      epoch,
      servingMs: null,
      note: '',
    };
    this.kept.push(record);
    if (this.kept.length > MAX_RECORDS) this.kept.shift();
    this.open = record;
    return durationMs;
  }

  /** The role serves from now on. */
  serving(): void {
    if (this.open !== null) this.open.servingMs = this.clock.monotonicMs();
  }

  /** Adds to what is known about the phase under way. */
  note(text: string): void {
    const record = this.open;
    if (record !== null && text !== '') record.note = record.note === '' ? text : `${record.note}; ${text}`;
  }

  /** Ends the phase under way; returns how long it took. */
  end(note: string): number {
    if (this.open === null) return 0;
    this.note(note);
    const record = this.open;
    record.durationMs = this.clock.monotonicMs() - record.startedMs;
    this.open = null;
    return record.durationMs;
  }
}
