// Curves as an SVG: one panel for each, both axes logarithmic.
const PANEL = { width: 300, height: 210, left: 46, right: 12, top: 28, bottom: 28 };
const COLUMNS = 3;
const COLORS = ['#1b6ca8', '#c8553d', '#3a7d44'];
const LEGEND_HEIGHT = 26;

const decades = (least, most) => {
  const from = Math.floor(Math.log10(least));
  const to = Math.max(from + 1, Math.ceil(Math.log10(most)));
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
};
const label = (power) =>
  power >= 6 ? `${10 ** (power - 6)}M` : power >= 3 ? `${10 ** (power - 3)}k` : `${10 ** power}`;
const text = (x, y, what, anchor = 'middle', extra = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}"${extra}>${what}</text>`;

function panel({ title, rows }, kinds) {
  const { width, height, left, right, top, bottom } = PANEL;
  const all = rows.flatMap((row) => kinds.map((kind) => row[kind]));
  const sizes = rows.map(({ size }) => size);
  const [xs, ys] = [decades(Math.min(...sizes), Math.max(...sizes)), decades(Math.min(...all), Math.max(...all))];
  const scale = (value, powers, from, to) =>
    from + ((Math.log10(value) - powers[0]) / (powers.at(-1) - powers[0])) * (to - from);
  const x = (value) => scale(value, xs, left, width - right);
  const y = (value) => scale(value, ys, height - bottom, top);
  const line = (x1, y1, x2, y2) =>
    `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
  const grid = [
    ...xs.map((power) => line(x(10 ** power), top, x(10 ** power), height - bottom)),
    ...ys.map((power) => line(left, y(10 ** power), width - right, y(10 ** power))),
  ];
  const labels = [
    ...xs.map((power) => text(x(10 ** power), height - bottom + 14, label(power))),
    ...ys.map((power) => text(left - 5, y(10 ** power) + 4, label(power), 'end')),
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
