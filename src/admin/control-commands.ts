import type { LogLevel } from '../host/index.js';
import { readText } from './body.js';
import { type Command, failure, guardedAlways } from './command.js';
import { fields } from './json.js';

const LEVELS: ReadonlySet<string> = new Set<LogLevel>(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

function isLevel(value: unknown): value is LogLevel {
  return typeof value === 'string' && LEVELS.has(value);
}

/** Commands of this server only: they change how the process runs. */
export const controlCommands: readonly Command[] = [
  guardedAlways(['reload'], 'POST', async ({ control }) => {
    try {
      const { changed, needsRestart } = await control.reload();
      return { fields: fields({ changed, needs_restart: needsRestart }) };
    } catch (error) {
      return failure(409, error instanceof Error ? error.message : String(error));
    }
  }),
  guardedAlways(['log_level'], 'POST', async ({ control, log }, _pipeline, request) => {
    let asked: unknown;
    try {
      asked = JSON.parse(await readText(request));
    } catch (error) {
      return failure(400, `The body is no JSON object like {"level": "debug"}: ${String(error)}`);
    }
    const level = typeof asked === 'object' && asked !== null && 'level' in asked ? asked.level : undefined;
    if (!isLevel(level)) return failure(400, `The level is one of ${[...LEVELS].join(', ')}.`);
    control.setLogLevel(level);
    log.warn(`An administrator set the level of the log to ${level}.`, { code: 'LOG_LEVEL', level });
    return { fields: fields({ level }) };
  }),
];
