// Curves as an SVG: one panel for each, both axes logarithmic, or linear from 0 on.
const PANEL = { width: 300, height: 210, left: 46, right: 12, top: 28, bottom: 28 };
const COLUMNS = 3;
const COLORS = ['#1b6ca8', '#c8553d', '#3a7d44'];
const LEGEND_HEIGHT = 26;
const LINEAR_STEPS = 4;

const decades = (least, most) => {
  const from = Math.floor(Math.log10(least));
  const to = Math.max(from + 1, Math.ceil(Math.log10(most)));
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
};
const label = (power) =>
  power >= 6 ? `${10 ** (power - 6)}M` : power >= 3 ? `${10 ** (power - 3)}k` : `${10 ** power}`;
const text = (x, y, what, anchor = 'middle', extra = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${extra}>${what}</text>`;

/** Where values stand between 0 and 1, and the places that are labelled. */
function logarithmic(values) {
  const powers = decades(Math.min(...values), Math.max(...values));
  return {
    at: (value) => (Math.log10(value) - powers[0]) / (powers.at(-1) - powers[0]),
    marks: powers.map((power) => ({ value: 10 ** power, name: label(power) })),
  };
}

function linear(values) {
  const most = Math.max(...values);
  const rough = most / LINEAR_STEPS;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((times) => times * unit >= rough) * unit;
  const steps = Math.ceil(most / step);
  return {
    at: (value) => value / (steps * step),
    marks: Array.from({ length: steps + 1 }, (_, i) => ({ value: i * step, name: `${+(i * step).toPrecision(3)}` })),
  };
}

function panel({ title, rows, isLinear = false }, kinds) {
  const { width, height, left, right, top, bottom } = PANEL;
  const axis = isLinear ? linear : logarithmic;
  const xs = axis(rows.map(({ size }) => size));
  const ys = axis(rows.flatMap((row) => kinds.map((kind) => row[kind])));
  const x = (value) => left + xs.at(value) * (width - right - left);
  const y = (value) => height - bottom + ys.at(value) * (top - height + bottom);
  const line = (x1, y1, x2, y2) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
  const grid = [
    ...xs.marks.map(({ value }) => line(x(value), top, x(value), height - bottom)),
    ...ys.marks.map(({ value }) => line(left, y(value), width - right, y(value))),
  ];
  const labels = [
    ...xs.marks.map(({ name, value }) => text(x(value), height - bottom + 14, name)),
    ...ys.marks.map(({ name, value }) => text(left - 5, y(value) + 4, name, 'end')),
    text(width / 2, 16, title, 'middle', ' font-weight="bold"'),
  ];
  const curves = kinds.map((kind, i) => {
    const points = rows.map((row) => `${x(row.size).toFixed(1)},${y(row[kind]).toFixed(1)}`);
    const dots = points.map(
      (point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="2.5" fill="${COLORS[i]}"/>`,
    );
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLORS[i]}" stroke-width="1.6"/>${dots.join('')}`;
  });
  return [...grid, ...labels, ...curves].join('\n');
}

/** `curves`: title and rows of a size and a figure for each of `kinds`. */
export function plot(curves, kinds, unit) {
  const { width, height } = PANEL;
  const fullWidth = COLUMNS * width;
  const fullHeight = LEGEND_HEIGHT + Math.ceil(curves.length / COLUMNS) * height;
  const panels = curves.map((curve, i) => {
    const at = `translate(${(i % COLUMNS) * width},${LEGEND_HEIGHT + Math.floor(i / COLUMNS) * height})`;
    return `<g transform="${at}">\n${panel(curve, kinds)}\n</g>`;
  });
  const legend = kinds.map((kind, i) =>
    text(12 + 150 * i, 17, kind, 'start', ` fill="${COLORS[i]}" font-weight="bold"`),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fullWidth} ${fullHeight}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
${legend.join('\n')}
${text(fullWidth - 12, 17, unit, 'end')}
${panels.join('\n')}
</svg>
`;
}
