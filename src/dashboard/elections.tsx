import { useState } from 'preact/hooks';
import type { EnsembleElections } from '../status/index.js';
import { usePage } from './api.js';
import {
  decisionOf,
  type ElectionEvent,
  electionEvents,
  explain,
  proposalText,
  quorumText,
  stepsOf,
  summaryOf,
} from './election-model.js';
import { dateTime, plural } from './format.js';
import { Phases } from './phases.js';
import { Problem } from './problem.js';
import { Replay } from './replay.js';
import { Table } from './table.js';

const EVERY_MS = 2000;

/** Every election that the servers remember, and one of them step by step. */
export function Elections() {
  const { data, error } = usePage<EnsembleElections>('ensemble-elections', {}, EVERY_MS);
  const [chosenWallMs, choose] = useState<number | null>(null);
  if (data === null) return error === null ? <p>Asking …</p> : <Problem>{error.message}</Problem>;
  const known = data.members.flatMap(({ status }) => status ?? []);
  const events = electionEvents(known, Date.now());
  const unknown = data.members.filter(({ status }) => status === null);
  const chosen = events.find(({ startedWallMs }) => startedWallMs === chosenWallMs) ?? events[0];
  return (
    <>
      {unknown.map(({ sid, problem }) => (
        <p class="note" key={sid}>
          Server {sid} tells nothing of its elections: {problem}.
        </p>
      ))}
      {chosen === undefined ? (
        <p>There was no election.</p>
      ) : (
        <div class="split">
          <EventList events={events} chosen={chosen} choose={choose} />
          <Event event={chosen} key={chosen.startedWallMs} />
        </div>
      )}
    </>
  );
}

interface EventListProps {
  readonly events: readonly ElectionEvent[];
  readonly chosen: ElectionEvent;
  readonly choose: (startedWallMs: number) => void;
}

function EventList({ events, chosen, choose }: EventListProps) {
  return (
    <nav aria-label="Elections, newest first">
      <ol class="events" data-testid="events">
        {events.map((event) => (
          <li key={event.startedWallMs}>
            <button
              type="button"
              aria-pressed={event === chosen}
              onClick={() => {
                choose(event.startedWallMs);
              }}
            >
              <time dateTime={new Date(event.startedWallMs).toISOString()}>{dateTime(event.startedWallMs)}</time>
              <span>{event.leader === null ? 'no leader' : `leader ${event.leader}`}</span>
              <span class="muted">{plural(new Set(event.parts.map(({ sid }) => sid)).size, 'server')}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Event({ event }: { event: ElectionEvent }) {
  const decision = decisionOf(event);
  const steps = stepsOf(event);
  return (
    <section aria-label="The election that is chosen" class="event" data-testid="election">
      <p class="summary" data-testid="election-summary">
        {summaryOf(event)}
      </p>
      {decision !== null && (
        <p>
          Votes are compared by epoch, then zxid, then server id. Here: <strong>{explain(decision)}</strong>.
        </p>
      )}
      <h2>Phases</h2>
      <Phases event={event} />
      <h2>Step by step</h2>
      <Replay event={event} steps={steps} />
      <h2>Rounds as each server saw them</h2>
      {event.parts.map(({ sid, view }) =>
        view.rounds.map((round) => (
          <details key={`${sid} ${view.startedWallMs} ${round.round} ${round.startMs}`}>
            <summary>
              Server {sid}, round {round.round}
              {round.quorum === null ? '' : `: ${quorumText(round.quorum)}`}
            </summary>
            <Table
              caption={`Last votes that server ${sid} heard in round ${round.round}`}
              columns={[
                { title: 'Voter', cell: ({ voter }) => voter },
                { title: 'Vote', cell: (vote) => proposalText(vote) },
                { title: 'Round', cell: (vote) => vote.round, isNumber: true },
                { title: 'State', cell: ({ state }) => state },
              ]}
              rows={round.votes}
              keyOf={({ voter }) => voter}
            />
            {round.decision !== null && <p>Decision: {explain(round.decision)}.</p>}
          </details>
        )),
      )}
      <p class="muted">
        Times are of each server’s own clock. A server keeps its last eight elections, and the last 256 steps of each.
      </p>
    </section>
  );
}
