import type { PhaseView } from '../status/index.js';
import { type ElectionEvent, isZab } from './election-model.js';
import { milliseconds } from './format.js';
import { Table } from './table.js';

interface Bar {
  readonly sid: number;
  readonly name: PhaseView['name'];
  readonly startMs: number;
  readonly endMs: number;
  readonly isOpen: boolean;
  readonly note: string;
}

const WIDTH = 720;
const LEFT = 78;
const ROW = 34;
const BAR = 20;
const AXIS = 22;

/** How long voting, discovery and synchronization took on each server: bars, and the same as a table. */
export function Phases({ event }: { event: ElectionEvent }) {
  const bars = barsOf(event);
  const lastMs = Math.max(1, ...bars.map(({ endMs }) => endMs));
  const sids = [...new Set(bars.map(({ sid }) => sid))];
  const height = sids.length * ROW + AXIS;
  const x = (ms: number): number => LEFT + ((WIDTH - LEFT - 10) * ms) / lastMs;
  return (
    <>
      <div class="scroll" role="region" aria-label="Picture of the phases" tabIndex={0}>
        <svg
          class="phases"
          viewBox={`0 0 ${WIDTH} ${height}`}
          role="img"
          aria-label="Phases of each server in time; the table below says the same"
        >
          {[0, 0.25, 0.5, 0.75, 1].map((part) => (
            <g key={part} class="tick">
              <line x1={x(part * lastMs)} x2={x(part * lastMs)} y1={0} y2={height - AXIS} />
              <text x={x(part * lastMs)} y={height - 6} class={part === 1 ? 'end' : part === 0 ? 'start' : 'middle'}>
                {Math.round(part * lastMs)} ms
              </text>
            </g>
          ))}
          {sids.map((sid, row) => (
            <g key={sid}>
              <text x={0} y={row * ROW + ROW / 2 + 4}>
                server {sid}
              </text>
              {bars
                .filter((bar) => bar.sid === sid)
                .map((bar) => (
                  <rect
                    key={`${bar.name} ${bar.startMs}`}
                    class={`phase-${bar.name}`}
                    x={x(bar.startMs)}
                    y={row * ROW + (ROW - BAR) / 2}
                    width={Math.max(2, x(bar.endMs) - x(bar.startMs))}
                    height={BAR}
                  >
                    <title>{`${bar.name}: ${milliseconds(bar.endMs - bar.startMs)}`}</title>
                  </rect>
                ))}
            </g>
          ))}
        </svg>
      </div>
      <ul class="legend">
        {(['voting', 'finalizing', 'discovery', 'synchronization'] as const).map((name) => (
          <li key={name}>
            <span class={`swatch phase-${name}`} aria-hidden="true" />
            {MEANING[name]}
          </li>
        ))}
      </ul>
      <Table
        caption="Phases of each server"
        columns={[
          { title: 'Server', cell: ({ sid }) => sid },
          { title: 'Phase', cell: ({ name }) => name },
          { title: 'From', cell: ({ startMs }) => milliseconds(startMs), isNumber: true },
          {
            title: 'Took',
            cell: ({ startMs, endMs, isOpen }) => (isOpen ? 'goes on' : milliseconds(endMs - startMs)),
            isNumber: true,
          },
          { title: 'How', cell: ({ note }) => note },
        ]}
        rows={bars}
        keyOf={({ sid, name, startMs }) => `${sid} ${name} ${startMs}`}
      />
    </>
  );
}

const MEANING = {
  voting: 'voting',
  finalizing: 'finalizing: a quorum agrees, a better vote may still come',
  discovery: 'discovery: the new epoch is agreed on',
  synchronization: 'synchronization: followers get what they lack',
} as const;

/** Broadcast, which comes then, is what a leader is for; its length says nothing of the election. */
function barsOf({ parts, startedWallMs }: ElectionEvent): Bar[] {
  return parts.flatMap(({ sid, view }) => {
    const fromMs = view.startedWallMs - startedWallMs;
    const phases = view.phases.filter(({ name }) => name !== 'broadcast');
    const untilMs = Math.max(view.durationMs ?? 0, view.servedAfterMs ?? 0);
    return phases.map(({ name, startMs, durationMs, note }) => ({
      sid,
      name,
      startMs: fromMs + startMs,
      endMs: fromMs + (durationMs === null ? Math.max(untilMs, startMs) : startMs + durationMs),
      isOpen: durationMs === null,
      note: isZab({ name, startMs, durationMs, note }) ? note : '',
    }));
  });
}
