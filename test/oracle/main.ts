import { parseArgs } from 'node:util';
import { opName } from '../../src/protocol/index.js';
import { Oracle } from './oracle.js';
import { isStageName, type StageName, STAGES } from './stage.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    minutes: { type: 'string' },
    requests: { type: 'string' },
    stage: { type: 'string' },
    'class-path': { type: 'string' },
  },
});

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function range(): { from: number; to: number } {
  if (values.seed !== undefined) return { from: Number(values.seed), to: Number(values.seed) };
  const [from, to] = (values.seeds ?? '1..Infinity').split('..').map(Number);
  return { from: from ?? 1, to: to ?? Number.POSITIVE_INFINITY };
}

async function main(): Promise<number> {
  const { from, to } = range();
  const minutes = Number(values.minutes ?? (to === Number.POSITIVE_INFINITY ? 1 : Number.POSITIVE_INFINITY));
  const requests = Number(values.requests ?? 200);
  const stage = values.stage ?? 'alone';
  if ([from, to, minutes, requests].some(Number.isNaN) || !isStageName(stage)) {
    const stages = Object.keys(STAGES).join('|');
    print(`usage: npm run oracle -- [--seed N | --seeds A..B] [--minutes M] [--requests R] [--stage ${stages}]`);
    print('  [--class-path JARS]   of another Apache ZooKeeper than Debian has');
    return 2;
  }
  return compare({ stage, from, to, minutes, requests, classPath: values['class-path'] });
}

interface Wish {
  readonly stage: StageName;
  readonly from: number;
  readonly to: number;
  readonly minutes: number;
  readonly requests: number;
  readonly classPath: string | undefined;
}

async function compare({ stage, from, to, minutes, requests, classPath }: Wish): Promise<number> {
  const oracle = await Oracle.start(stage, classPath);
  print(`Apache ZooKeeper ${oracle.release}, stage ${stage}`);
  try {
    const endMs = Date.now() + minutes * 60_000;
    const startMs = Date.now();
    let done = 0;
    for (let seed = from; seed <= to && Date.now() < endMs; seed++) {
      const report = await oracle.seed(seed, requests, ({ at, java, ours }) => {
        print(`Seed ${seed}, step ${at}: shrinking this difference:\n  ${java}\n  ${ours}`);
      });
      if (report !== null) {
        print(`Seed ${seed} shows a difference:\n${report}`);
        return 1;
      }
      done++;
      if (done % 100 === 0) print(`${done} seeds, ${Math.round((Date.now() - startMs) / done)} ms each`);
    }
    printStatistics(oracle, done);
    return 0;
  } finally {
    await oracle.stop();
  }
}

function printStatistics(oracle: Oracle, seeds: number): void {
  print(`${seeds} seeds without a difference, each of ${oracle.leastRequests} requests and more.`);
  if (oracle.expired > 0) print(`Sessions that expired: ${oracle.expired}`);
  if (oracle.replayed > 0) print(`Runs made again for Apache ZooKeeper gave no answer: ${oracle.replayed}`);
  const reached = [...oracle.reached].sort(([a], [b]) => a - b);
  for (const [op, count] of reached) print(`  ${opName(op)} (${op}): ${count}`);
  print(oracle.missed.length > 0 ? `Not reached: ${oracle.missed.join(', ')}` : 'Every operation was reached.');
  print('Intended differences that were met:');
  for (const [name, count] of oracle.rules.met) print(`  ${name}: ${count}`);
}

process.exitCode = await main();
