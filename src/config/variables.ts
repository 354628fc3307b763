import { posix } from 'node:path';
import { DiskError } from '../host/index.js';
import type { Faults } from './fault.js';
import type { LoadRequest } from './load-request.js';
import type { Origin } from './origin.js';
import { readShellFile, type ShellScope } from './shell-file.js';

/** A variable with the place that set it last. */
export interface Variable {
  readonly value: string;
  readonly origin: Origin;
}

export type Variables = ReadonlyMap<string, Variable>;

/**
 * In the order in which installations read them: Debian's file, then the two that `zkEnv.sh` sources. Later ones see and may
 * replace what earlier ones and the environment set.
 */
export const SHELL_FILES = ['environment', 'zookeeper-env.sh', 'java.env'] as const;

/** Which configuration is read was decided before these files are, so they cannot change it. */
const DECIDED_BEFORE = ['ZOOCFGDIR', 'ZOOCFG', 'ZOO_CONF_DIR'] as const;

/** The variables of the environment, changed by one file after another. */
class Scope {
  readonly variables = new Map<string, Variable>();

  constructor(env: LoadRequest['env']) {
    for (const [variable, value] of Object.entries(env)) {
      if (value !== undefined) this.variables.set(variable, { value, origin: { kind: 'environment', variable } });
    }
  }

  of(file: string): ShellScope {
    return {
      get: (name) => this.variables.get(name)?.value,
      set: (name, value, line) => this.variables.set(name, { value, origin: { kind: 'file', file, line } }),
      unset: (name) => this.variables.delete(name),
    };
  }
}

async function readOptional(request: LoadRequest, path: string, faults: Faults): Promise<string | null> {
  try {
    return (await request.disk.readFile(posix.resolve(request.workingDir, path))).toString('utf8');
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.code !== 'NOT_FOUND') {
      const place = { where: { kind: 'file', file: path, line: 0 } as const };
      faults.warning('FILE', place, `it cannot be read (${error.message}) and is left out.`, 'Check its permissions.');
    }
    return null;
  }
}

/** A file beside the configuration, named as the configuration was. */
export function besideConfig(request: LoadRequest, name: string): string {
  return posix.join(posix.dirname(request.configFile), name);
}

/** The variables that a Java server of this installation would start with. Nothing is run. */
export async function readVariables(request: LoadRequest, faults: Faults): Promise<Variables> {
  const scope = new Scope(request.env);
  for (const name of SHELL_FILES) {
    const path = besideConfig(request, name);
    const text = await readOptional(request, path, faults);
    if (text === null) continue;
    for (const { line, text: statement, reason } of readShellFile(text, scope.of(path))) {
      faults.warning(
        'ENVIRONMENT',
        { where: { kind: 'file', file: path, line } },
        `"${statement}" is left out: ${reason}.`,
        'Write NAME="value", or set it in the environment.',
      );
    }
  }
  for (const name of DECIDED_BEFORE) {
    const variable = scope.variables.get(name);
    if (variable?.origin.kind !== 'file') continue;
    if (isThisConfig(request, name, variable.value)) continue;
    faults.note(
      'ENVIRONMENT',
      { where: variable.origin, key: name },
      `it has no effect in this file: ${request.configFile} is read already.`,
    );
  }
  return scope.variables;
}

/** Names a file its own place, or that of the configuration beside it? Then there is nothing to tell. */
function isThisConfig(request: LoadRequest, name: string, value: string): boolean {
  const config = posix.resolve(request.workingDir, request.configFile);
  const path = posix.resolve(posix.dirname(config), value);
  return name === 'ZOOCFG' ? path === config : path === posix.dirname(config);
}

export { readOptional };
