import { parseArgs } from 'node:util';
import { watchAllocations } from './allocations.js';
import { tryInput } from './fuzzer.js';
import { TARGETS, targetNamed } from './targets/index.js';
import { fuzzWatched } from './watched.js';

const USAGE = `Feeds decoders with inputs gone wrong, led by the code they reach (docs/verification.md).

  npm run fuzz                                          every target for ten seconds, with a new seed
  npm run fuzz -- --target NAME --seconds N --seed S    ${TARGETS.map(({ name }) => name).join(', ')}
  npm run fuzz -- --target NAME --input HEX             one input again
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      input: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed);
  const seconds = Number(values.seconds);
  if (values.help || !Number.isSafeInteger(seed) || !(seconds > 0)) {
    say(USAGE);
    return values.help ? 0 : 2;
  }
  const targets = values.target === undefined ? TARGETS : [targetNamed(values.target)];
  let findings = 0;
  for (const target of targets) {
    if (values.input !== undefined) {
      watchAllocations();
      const finding = await tryInput(target, Buffer.from(values.input, 'hex'));
      say(`${target.name}: ${finding?.text ?? 'well'}`);
      findings += finding === null ? 0 : 1;
      continue;
    }
    const { characters, corpus, finding, inputs } = await fuzzWatched(target.name, seed, seconds * 1000);
    say(
      `${target.name}, seed ${seed}: ${inputs} inputs, ${characters} characters of code, ${corpus} inputs reached something new`,
    );
    if (finding === null) continue;
    findings++;
    say(`FOUND: ${finding.text}\nAgain: npm run fuzz -- --target ${target.name} --input ${finding.inputHex}`);
  }
  return findings === 0 ? 0 : 1;
}

process.exitCode = await main();
