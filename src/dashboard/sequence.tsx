import type { ElectionEvent, Step } from './election-model.js';

const COLUMN = 190;
const LEFT = 10;
/** For what is written beside the last line. */
const RIGHT = 30;
const TOP = 34;
const ROW = 18;

interface SequenceProps {
  readonly event: ElectionEvent;
  readonly steps: readonly Step[];
  readonly shown: number;
}

/** Votes as arrows between the servers' lines, downwards in time. The list of steps says the same in words. */
export function Sequence({ event, steps, shown }: SequenceProps) {
  const sids = lanesOf(event, steps);
  const rows = steps.flatMap((step, at) => (isDrawn(step) ? [{ step, at }] : []));
  const width = LEFT + sids.length * COLUMN + RIGHT;
  const height = TOP + rows.length * ROW + 10;
  const x = (sid: number): number => LEFT + sids.indexOf(sid) * COLUMN + COLUMN / 2;
  return (
    <details class="sequence">
      <summary>Votes as arrows</summary>
      <div class="scroll tall" role="region" aria-label="Votes as arrows" tabIndex={0}>
        <svg
          width={width}
          height={height}
          viewBox={`0 0 ${width} ${height}`}
          role="img"
          aria-label="Votes as arrows between servers; the list of steps says the same"
        >
          <defs>
            <marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">
              <path d="M0 0 8 4 0 8z" class="head" />
            </marker>
          </defs>
          {sids.map((sid) => (
            <g key={sid} class="lane">
              <text x={x(sid)} y={18}>
                server {sid}
              </text>
              <line x1={x(sid)} x2={x(sid)} y1={TOP - 8} y2={height} />
            </g>
          ))}
          {rows.map(({ step, at }, row) => (
            <Row
              key={at}
              step={step}
              y={TOP + row * ROW + ROW / 2}
              x={x}
              isShown={at < shown}
              isCurrent={at === shown - 1}
            />
          ))}
        </svg>
      </div>
    </details>
  );
}

/** Servers that nothing is known of still send and receive votes. */
function lanesOf({ parts }: ElectionEvent, steps: readonly Step[]): number[] {
  const sids = new Set([...parts.map(({ sid }) => sid), ...steps.flatMap(({ peers }) => peers)]);
  return [...sids].sort((a, b) => a - b);
}

/** A vote is drawn where it comes, as an arrow from its sender. */
function isDrawn({ kind, peers }: Step): boolean {
  return kind === 'received' ? peers.length > 0 : kind !== 'sent' && kind !== 'ignored';
}

interface RowProps {
  readonly step: Step;
  readonly y: number;
  readonly x: (sid: number) => number;
  readonly isShown: boolean;
  readonly isCurrent: boolean;
}

function Row({ step, y, x, isShown, isCurrent }: RowProps) {
  const own = x(step.sid);
  const [from] = step.peers;
  const name = `row ${step.kind}${isShown ? '' : ' later'}${isCurrent ? ' current' : ''}`;
  if (step.kind !== 'received' || from === undefined) {
    return (
      <g class={name}>
        <circle cx={own} cy={y} r={4} />
        <text x={own + 8} y={y + 4}>
          {LABELS[step.kind]}
        </text>
        <title>{step.text}</title>
      </g>
    );
  }
  const there = x(from);
  const gap = there < own ? -5 : 5;
  return (
    <g class={name}>
      <line x1={there} x2={own + gap} y1={y - 6} y2={y} marker-end="url(#head)" />
      <title>{step.text}</title>
    </g>
  );
}

const LABELS: Readonly<Record<Step['kind'], string>> = {
  sent: 'sends',
  received: 'receives',
  kept: 'keeps its vote',
  changed: 'changes its mind',
  ignored: 'ignores',
  quorum: 'counts a quorum',
  elected: 'has a leader',
  phase: 'next phase',
  serving: 'serves',
};
