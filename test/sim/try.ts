import { drawPlan } from './plan.js';
import { Simulation } from './simulation.js';
const [from, to] = (process.argv[2] ?? '1').split('..').map(Number) as [number, number?];
for (let seed = from; seed <= (to ?? from); seed++) {
  const t = process.cpuUsage().user + process.cpuUsage().system;
  const o = await Simulation.run(drawPlan(seed, process.argv[3] ?? 'default'));
  const s = (process.cpuUsage().user + process.cpuUsage().system - t) / 1e6;
  process.stdout.write(`${seed} ${o.problems.length === 0 ? 'ok' : 'FAIL'} ${s.toFixed(2)}s x${(o.virtualMs / 1000 / s).toFixed(0)} fp ${o.fingerprint} ${JSON.stringify(o.figures)}\n`);
  for (const p of o.problems.slice(0, 3)) process.stdout.write(`  ${p.rule} @${p.atMs.toFixed(1)}: ${p.text}\n`);
  if (process.argv[4] === 'log') process.stdout.write(o.log.join('\n') + '\n');
}
