// Run by network.test.ts: one ensemble in name spaces of its own. Its last line of output is the result as JSON.
import { canIsolate, isInside, runInside } from '../chaos/lab.js';
import { MIXES, type Mix } from './mixes.js';
import { Walk } from './walk.js';

function isMix(text: string | undefined): text is Mix {
  return text !== undefined && Object.hasOwn(MIXES, text);
}

async function main(): Promise<number> {
  const [mix, minutes = '0'] = process.argv.slice(2);
  if (!isMix(mix)) {
    process.stderr.write(`Which mix? ${Object.keys(MIXES).join(', ')}\n`);
    return 2;
  }
  if (!isInside()) {
    if (canIsolate()) return runInside();
    process.stderr.write('This needs the right to make name spaces: run it as root.\n');
    return 2;
  }
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const result = await Walk.run(mix, performance.now() + Number(minutes) * 60_000, say);
  say(JSON.stringify(result));
  return result.problems.length === 0 ? 0 : 1;
}

process.exitCode = await main();
