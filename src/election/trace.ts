import type { Clock } from '../host/index.js';
import type { ServerState } from '../protocol/index.js';
import type { Proposal, Verdict, Vote } from './vote.js';

/** Why a notification was not counted. */
export type IgnoredBecause =
  | 'older round'
  | 'leader does not vote'
  | 'sender does not vote'
  | 'sender is an observer'
  | 'own zxid unknown'
  | 'zxid unknown';

/** Which votes were counted: those of this round, or those of servers that already have a leader. */
export type VoteSet = 'round' | 'settled';

/** How an election came to its end. */
export type DecidedBy = 'round' | 'settled' | 'oracle';

/** One step of an election: everything that a decision can be explained with. */
export type ElectionEvent =
  | { readonly kind: 'started'; readonly round: bigint; readonly proposal: Proposal }
  | { readonly kind: 'sent'; readonly to: readonly number[]; readonly round: bigint; readonly proposal: Proposal }
  | { readonly kind: 'received'; readonly from: number; readonly vote: Vote; readonly configVersion: number | null }
  | { readonly kind: 'ignored'; readonly from: number; readonly because: IgnoredBecause }
  | { readonly kind: 'newer round'; readonly round: bigint; readonly from: number }
  | { readonly kind: 'compared'; readonly candidate: Proposal; readonly current: Proposal; readonly verdict: Verdict }
  | { readonly kind: 'proposed'; readonly proposal: Proposal }
  | {
      readonly kind: 'counted';
      readonly set: VoteSet;
      readonly leader: number;
      /** Who agrees, one list for each configuration that must have a quorum. */
      readonly agreed: readonly (readonly number[])[];
      readonly quorum: boolean;
    }
  | { readonly kind: 'leader not confirmed'; readonly leader: number; readonly said: ServerState | null }
  /** Others call this server the leader of a round that it is not in. */
  | { readonly kind: 'not the same round'; readonly named: bigint; readonly round: bigint }
  | { readonly kind: 'finalizing'; readonly leader: number; readonly missing: readonly number[] }
  | { readonly kind: 'outbid'; readonly from: number; readonly proposal: Proposal }
  | { readonly kind: 'final'; readonly early: boolean; readonly refused: readonly number[] }
  | { readonly kind: 'timed out'; readonly waitedMs: number; readonly nextMs: number; readonly then: 'resend' | 'dial' }
  | { readonly kind: 'answered'; readonly to: number; readonly state: ServerState; readonly vote: Vote }
  | { readonly kind: 'oracle'; readonly follow: boolean; readonly leader: number }
  | {
      readonly kind: 'elected';
      readonly state: ServerState;
      readonly leader: number;
      readonly round: bigint;
      readonly by: DecidedBy;
    }
  | { readonly kind: 'stopped' };

export type PhaseName = 'voting' | 'finalizing';

export interface Phase {
  readonly name: PhaseName;
  /** Since the election began. */
  readonly startMs: number;
  /** Until the next phase or the end; null while it lasts. */
  durationMs: number | null;
}

/** One call of `lookForLeader`. */
export interface ElectionRecord {
  readonly startedWallMs: number;
  /** Monotonic. */
  readonly startedMs: number;
  /** Round now, or at the end. */
  round: bigint;
  /** Null while it lasts. */
  durationMs: number | null;
  outcome: { readonly state: ServerState; readonly leader: number; readonly by: DecidedBy } | null;
  readonly phases: readonly Phase[];
  /** The newest events, each with its time since the beginning. */
  readonly events: readonly TimedEvent[];
  /** Older events that were dropped. */
  droppedEvents: number;
}

export interface TimedEvent {
  readonly atMs: number;
  readonly event: ElectionEvent;
}

const MAX_ELECTIONS = 8;
const MAX_EVENTS = 256;
const MAX_PHASES = 64;

interface OpenRecord extends ElectionRecord {
  readonly phases: Phase[];
  readonly events: TimedEvent[];
}

/** What happened in the last elections, bounded. */
export class ElectionTrace {
  private readonly records: OpenRecord[] = [];
  private open: OpenRecord | null = null;

  constructor(private readonly clock: Clock) {}

  /** Oldest first; the last one may still be going on. */
  get elections(): readonly ElectionRecord[] {
    return this.records;
  }

  begin(round: bigint): void {
    const record: OpenRecord = {
      startedWallMs: this.clock.wallMs(),
      startedMs: this.clock.monotonicMs(),
      round,
      durationMs: null,
      outcome: null,
      phases: [],
      events: [],
      droppedEvents: 0,
    };
    this.records.push(record);
    if (this.records.length > MAX_ELECTIONS) this.records.shift();
    this.open = record;
    this.phase('voting');
  }

  add(event: ElectionEvent): void {
    const record = this.open;
    if (record === null) return;
    if (event.kind === 'newer round' || event.kind === 'elected') record.round = event.round;
    record.events.push({ atMs: this.sinceStart(record), event });
    if (record.events.length > MAX_EVENTS) {
      record.events.shift();
      record.droppedEvents++;
    }
  }

  phase(name: PhaseName): void {
    const record = this.open;
    if (record === null) return;
    this.closePhase(record);
    record.phases.push({ name, startMs: this.sinceStart(record), durationMs: null });
    if (record.phases.length > MAX_PHASES) record.phases.shift();
  }

  /** The election is over; returns how long it took. */
  end(outcome: ElectionRecord['outcome']): number {
    const record = this.open;
    if (record === null) return 0;
    this.closePhase(record);
    record.durationMs = this.sinceStart(record);
    record.outcome = outcome;
    this.open = null;
    return record.durationMs;
  }

  private closePhase(record: OpenRecord): void {
    const phase = record.phases[record.phases.length - 1];
    if (phase !== undefined) phase.durationMs = this.sinceStart(record) - phase.startMs;
  }

  private sinceStart(record: OpenRecord): number {
    return this.clock.monotonicMs() - record.startedMs;
  }
}
