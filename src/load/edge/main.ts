import { createClientHost } from '../../platform/index.js';
import { parseLaunch, USAGE, LaunchError } from '../launch.js';
import { reportJson, reportText } from '../report.js';
import { Interrupted, type OnProgress, runPlan } from '../runner.js';
import { crewOf } from './crews.js';

const ExitCode = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const ERASE_LINE = '\r\u001b[K';

/** One line on the terminal, written anew: which target, and the rate since the last time. */
function liveRate(isShown: boolean): { readonly tell: OnProgress; readonly clear: () => void } {
  if (!isShown) return { tell: () => undefined, clear: () => undefined };
  let lastMs = 0;
  let lastAnswers = 0;
  let hasShown = false;
  const show = (text: string): void => {
    // Never so long that it wraps.
    process.stderr.write(`${ERASE_LINE}${text.slice(0, (process.stderr.columns || 80) - 1)}`);
    hasShown = true;
  };
  return {
    tell: (target, round, answers) => {
      const nowMs = performance.now();
      if (answers < lastAnswers) lastAnswers = 0;
      const rate = ((answers - lastAnswers) / Math.max(1, nowMs - lastMs)) * 1000;
      lastMs = nowMs;
      lastAnswers = answers;
      show(`${target} round ${round + 1}: ${Math.round(rate)} a second, ${answers} answers`);
    },
    clear: () => {
      if (hasShown) process.stderr.write(ERASE_LINE);
    },
  };
}

/** `| head` has seen enough. */
function endWhenUnread(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

/** By the first Ctrl-C what was made in the tree is removed; the second one does not wait for that. */
function onInterrupt(): AbortSignal {
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  return interrupt.signal;
}

async function main(): Promise<number> {
  const launch = parseLaunch(process.argv.slice(2));
  if (launch.wantsHelp) {
    process.stdout.write(`${USAGE}\n`);
    return ExitCode.ok;
  }
  endWhenUnread();
  const world = createClientHost();
  const live = liveRate(process.stderr.isTTY && !launch.isQuiet);
  const crew = crewOf(world, launch.workers);
  const { servers, rounds, plan, profile } = launch;
  const measured = await runPlan(world, crew, servers, rounds, plan, live.tell, onInterrupt()).finally(live.clear);
  const text = launch.isJson ? JSON.stringify(reportJson(profile, plan, measured)) : reportText(measured);
  process.stdout.write(`${text}\n`);
  const hasErrors = measured.some((target) => target.rounds.some(({ errors, unanswered }) => errors + unanswered > 0));
  return hasErrors ? ExitCode.failed : ExitCode.ok;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    if (error instanceof Interrupted) {
      process.stderr.write('zk-bench: interrupted; its nodes are removed.\n');
      process.exitCode = ExitCode.interrupted;
      return;
    }
    process.stderr.write(`zk-bench: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof LaunchError ? ExitCode.usage : ExitCode.failed;
  },
);
