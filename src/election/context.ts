import type { AsyncQueue, Clock, Logger } from '../host/index.js';
import type { Ballot } from './ballot.js';
import { describeEvent } from './describe.js';
import type { ElectionOptions, ElectionSelf, ElectionTransport } from './needs.js';
import type { ElectionEvent, ElectionTrace } from './trace.js';
import type { Vote } from './vote.js';

/** What a looking server waits for. */
export type Inbound =
  | { readonly kind: 'vote'; readonly from: number; readonly vote: Vote }
  /** A connection ended or a dial was refused: a wait may be over. */
  | { readonly kind: 'peer down'; readonly sid: number }
  /** Whoever waits is to look again whether the election goes on. */
  | { readonly kind: 'abandoned' };

/** What the parts of one server's election share. */
export interface ElectionContext {
  readonly self: ElectionSelf;
  readonly clock: Clock;
  readonly log: Logger;
  readonly transport: ElectionTransport;
  readonly options: ElectionOptions;
  readonly ballot: Ballot;
  readonly trace: ElectionTrace;
  /** For the looking server, filled by the worker that receives. */
  readonly inbox: AsyncQueue<Inbound>;
  /** What this server last settled on. */
  currentVote: Vote;
  stopped: boolean;
}

/** Puts a step into the trace and into the log at level debug. */
export function record(context: ElectionContext, event: ElectionEvent): void {
  context.trace.add(event);
  explain(context, event);
}

/** The same for steps outside an election: these are only logged. */
export function explain(context: ElectionContext, event: ElectionEvent): void {
  if (context.log.isEnabled('debug')) {
    context.log.debug(`Election: ${describeEvent(event)}`, { code: 'ELECTION_STEP', step: event.kind });
  }
}
