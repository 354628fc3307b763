import {
  exitCodeOf,
  type Fault,
  formatFault,
  formatOrigin,
  type ServerConfig,
  type Severity,
} from '../config/index.js';
import { faultsOfFiles } from './check-files.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load } from './load-config.js';

export interface CheckOptions {
  readonly config: string | undefined;
  readonly json: boolean;
}

function counted(faults: readonly Fault[], severity: Severity, word: string): string[] {
  const count = faults.filter((fault) => fault.severity === severity).length;
  return count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`];
}

function describeServer({ mode, myId, membership, role }: ServerConfig): string {
  if (mode === 'standalone') return 'a standalone server';
  const { voters, observers } = membership;
  const size = `${voters.size} ${voters.size === 1 ? 'voter' : 'voters'}`;
  const watching = observers.size === 0 ? '' : ` and ${observers.size} observer${observers.size === 1 ? '' : 's'}`;
  return `server ${myId} (${role}) of an ensemble of ${size}${watching}`;
}

function asJson(fault: Fault): Record<string, unknown> {
  const { severity, code, where, key, reason, mend } = fault;
  const place = where === null ? null : formatOrigin(where);
  const line = where?.kind === 'file' ? where.line : null;
  return { severity, code, place, line, key, reason, mend };
}

/** Tells everything that is wrong with a configuration, without starting anything. */
export async function check(context: CliContext, options: CheckOptions): Promise<number> {
  const loaded = await load(context, options.config, { strict: true });
  const { configFile } = loaded;
  const fileFaults = loaded.config === null ? [] : await faultsOfFiles(loaded.config, context.env);
  const config = fileFaults.length === 0 ? loaded.config : null;
  const faults = [...fileFaults, ...loaded.faults];
  const exitCode = config === null ? exitCodeOf(faults) : ExitCode.ok;
  if (options.json) {
    context.out(JSON.stringify({ config: configFile, usable: config !== null, faults: faults.map(asJson) }, null, 2));
    return exitCode;
  }
  for (const fault of faults) context.out(formatFault(fault));
  const counts = [
    ...counted(faults, 'error', 'error'),
    ...counted(faults, 'warning', 'warning'),
    ...counted(faults, 'note', 'note'),
  ].join(', ');
  const verdict = config === null ? 'cannot be used' : `describes ${describeServer(config)}`;
  context.out(`${configFile} ${verdict}${counts === '' ? '' : `: ${counts}`}.`);
  return exitCode;
}
