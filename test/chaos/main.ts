import { parseArgs } from 'node:util';
import { faketimeLibrary } from './cluster.js';
import { canIsolate, isInside, runInside } from './lab.js';
import { ALL_KINDS, FAULT_KINDS, type FaultKind, NAMESPACE_KINDS, PLANTED } from './plan.js';
import { runChaos } from './run.js';

const USAGE = `Real faults on three real servers under load; the history of the clients is checked (docs/verification.md).

  npm run chaos                            all kinds of faults that this machine allows, for a minute
  npm run chaos -- --minutes M             for so long
  npm run chaos -- --seed N                the same faults and requests again (what coincides is up to the machine)
  npm run chaos -- --faults kill,stop      only these: ${FAULT_KINDS.join(', ')}
  npm run chaos -- --faults ${PLANTED}       loses acknowledged writes on purpose: such a run must fail

The built server is what runs: npm run build. The kinds ${NAMESPACE_KINDS.join(' and ')} need the right to make name spaces
(root has it), and clock needs libfaketime.
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function chosenKinds(text: string | undefined, isolated: boolean): FaultKind[] {
  if (text !== undefined) {
    const wanted = text.split(',');
    const unknown = wanted.find((kind) => !(ALL_KINDS as readonly string[]).includes(kind));
    if (unknown !== undefined)
      throw new Error(`no kind of fault is called ${unknown}; there are ${ALL_KINDS.join(', ')}`);
    const chosen = ALL_KINDS.filter((kind) => wanted.includes(kind));
    const barred = chosen.find((kind) => !isolated && NAMESPACE_KINDS.includes(kind));
    if (barred !== undefined) throw new Error(`${barred} needs the right to make name spaces: run it as root`);
    return chosen;
  }
  const kinds = FAULT_KINDS.filter((kind) => isolated || !NAMESPACE_KINDS.includes(kind));
  return kinds.filter((kind) => kind !== 'clock' || faketimeLibrary() !== undefined);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string', default: '1' },
      faults: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1000) % 1_000_000);
  const minutes = Number(values.minutes);
  if (values.help || !Number.isSafeInteger(seed) || !(minutes > 0)) {
    say(USAGE);
    return values.help ? 0 : 2;
  }
  if (!isInside() && canIsolate()) return runInside();
  const kinds = chosenKinds(values.faults, isInside());
  const again = `npm run chaos -- --seed ${seed} --minutes ${minutes} --faults ${kinds.join(',')}`;
  say(again);
  const outcome = await runChaos({ seed, kinds, limitMs: minutes * 60_000, isolated: isInside(), print: say });
  const { acknowledgedWrites, benchOperations, faults, kept, operations, problems, slowestRecoveryMs } = outcome;
  say(
    JSON.stringify({
      faults,
      operations,
      benchOperations,
      acknowledgedWrites,
      slowestRecoveryMs,
      problems: problems.length,
    }),
  );
  if (kept !== null) say(`FAILED. Again: ${again}\nData, logs, schedule.txt and history.jsonl are kept in ${kept}`);
  return problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
