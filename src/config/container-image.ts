/** What the entry point of the official container image writes into a new zoo.cfg, here made in memory. */
import type { Faults } from './fault.js';
import type { GivenValue } from './given.js';
import { parseProperties, javaTrim } from './properties.js';
import { IMAGE_VARIABLES, VARIABLES } from './variable-table.js';
import type { Variable, Variables } from './variables.js';

const ALONE = 'server.1=localhost:2888:3888;2181';

function isSet(variable: Variable | undefined): variable is Variable {
  return variable !== undefined && variable.value.trim() !== '';
}

function wordsOf(variable: Variable | undefined): string[] {
  return isSet(variable) ? variable.value.trim().split(/\s+/) : [];
}

/** The lines that the image would write; null where ZOO_DATA_DIR does not say that this is one. */
export function imageLines(variables: Variables): Map<string, GivenValue> | null {
  if (!isSet(variables.get('ZOO_DATA_DIR'))) return null;
  const lines = new Map<string, GivenValue>();
  const add = (text: string, variable: string): void => {
    const origin = variables.get(variable)?.origin ?? ({ kind: 'environment', variable } as const);
    for (const { key, value } of parseProperties(Buffer.from(text, 'utf8')).entries) {
      lines.set(javaTrim(key), { value, origin });
    }
  };
  for (const [name, definition] of Object.entries(IMAGE_VARIABLES)) {
    const variable = variables.get(name);
    const value = isSet(variable) ? variable.value : definition.default;
    if (definition.key !== null && value !== null) {
      const origin = variable?.origin ?? ({ kind: 'environment', variable: name } as const);
      lines.set(definition.key, { value, origin });
    }
  }
  const servers = wordsOf(variables.get('ZOO_SERVERS'));
  for (const line of servers.length === 0 ? [ALONE] : servers) add(line, 'ZOO_SERVERS');
  for (const line of wordsOf(variables.get('ZOO_CFG_EXTRA'))) add(line, 'ZOO_CFG_EXTRA');
  return lines;
}

function namesSet(variables: Variables, use: 'image' | 'moot'): string[] {
  return [...VARIABLES]
    .filter(([name, { use: its }]) => its === use && isSet(variables.get(name)))
    .map(([name]) => name);
}

/** One line for the variables of the image, which count only where there is no zoo.cfg. */
export function tellImageVariables(variables: Variables, configFile: string, made: boolean, faults: Faults): void {
  const names = namesSet(variables, 'image');
  if (names.length === 0) return;
  const list = names.join(', ');
  const reason = made
    ? `there is no file ${configFile}, so the configuration is made from ${list}, as the container image does.`
    : `${configFile} is there, so these variables of the container image have no effect: ${list}.`;
  faults.note('ENVIRONMENT', {}, reason);
}

/** One line for the variables that only mean something to Java. */
export function tellMootVariables(variables: Variables, faults: Faults): void {
  const names = namesSet(variables, 'moot');
  const [first] = names;
  if (first === undefined) return;
  const where = names.length === 1 ? variables.get(first)?.origin : undefined;
  faults.note(
    'ENVIRONMENT',
    where === undefined ? {} : { where },
    `these variables have no effect here: ${names.join(', ')}.`,
  );
}
