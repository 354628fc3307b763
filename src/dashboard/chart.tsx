import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Figure, History } from './history.js';
import { colour, onColours, SERVER_COLOURS, serverColour } from './theme.js';

const HEIGHT_PX = 200;

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly figure: Figure;
  readonly history: History;
}

/** One figure of all servers over the last minutes, redrawn whenever there is something new. */
export function Chart({ title, unit, figure, history }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const servers = history.sids.join();
  useEffect(() => {
    const { current } = box;
    if (current === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(current.clientWidth, unit, history.sids), dataOf(history, figure), current);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height: HEIGHT_PX }));
    resized.observe(current);
    const forget = onColours(draw);
    return () => {
      forget();
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [servers, figure, unit, history]);
  useEffect(() => plot.current?.setData(dataOf(history, figure)));
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={box} role="img" aria-label={`${title}: ${latest(history, figure, unit)}`} />
      <ul class="legend">
        {history.sids.map((sid, at) => (
          <li key={sid}>
            <span class={`swatch colour-${(at % SERVER_COLOURS) + 1}`} aria-hidden="true" />
            server {sid}: {shown(history.series(sid, figure).at(-1) ?? null, unit)}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function latest(history: History, figure: Figure, unit: string): string {
  return history.sids
    .map((sid) => `server ${sid} ${shown(history.series(sid, figure).at(-1) ?? null, unit)}`)
    .join(', ');
}

function shown(value: number | null, unit: string): string {
  if (value === null) return 'none';
  const text = value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(unit === 'ms' ? 2 : 0);
  return unit === 'ms' ? `${text} ms` : `${text}${unit}`;
}

function dataOf(history: History, figure: Figure): uPlot.AlignedData {
  return [history.times, ...history.sids.map((sid) => history.series(sid, figure))];
}

function options(width: number, unit: string, sids: readonly number[]): uPlot.Options {
  const axis = {
    stroke: colour('--muted'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { stroke: colour('--line'), width: 1 },
  };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, Number.isFinite(max) ? max * 1.1 : 1)] } },
    axes: [
      {
        ...axis,
        values: (_plot, times) => times.map((time) => new Date(time * 1000).toLocaleTimeString('en-GB')),
        space: 80,
      },
      { ...axis, size: 72, values: (_plot, values) => values.map((value) => `${value}${unit === 'ms' ? ' ms' : ''}`) },
    ],
    series: [
      {},
      ...sids.map((sid, at) => ({
        label: `server ${sid}`,
        stroke: colour(serverColour(at)),
        width: 2,
        spanGaps: true,
        points: { show: false },
      })),
    ],
  };
}
