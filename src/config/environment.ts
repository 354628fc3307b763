import type { Origin } from './origin.js';
import type { Variable, Variables } from './variables.js';

/** A system property as the environment sets it. */
export interface EnvironmentProperty {
  readonly value: string;
  readonly origin: Origin;
}

/** A word for the Java machine itself. */
export interface JvmFlag {
  readonly word: string;
  readonly origin: Origin;
}

export interface Environment {
  /** Names without `-D`; the last word that sets one counts. */
  readonly properties: ReadonlyMap<string, EnvironmentProperty>;
  readonly jvmFlags: readonly JvmFlag[];
  /** Variables whose last quote is never closed. */
  readonly unclosed: readonly Origin[];
}

/**
 * In the order in which Java hears them, so that later ones win: the machine puts JAVA_TOOL_OPTIONS in front of everything,
 * the launcher JDK_JAVA_OPTIONS in front of the command line, `zkServer.sh` writes SERVER_JVMFLAGS before JVMFLAGS there (and
 * Debian's script JAVA_OPTS before the class), and _JAVA_OPTIONS overrule all of it.
 */
export const FLAG_VARIABLES = [
  'JAVA_TOOL_OPTIONS',
  'JDK_JAVA_OPTIONS',
  'SERVER_JVMFLAGS',
  'JVMFLAGS',
  'JAVA_OPTS',
  '_JAVA_OPTIONS',
] as const;

/** Variables that `zkServer.sh` turns into a property, in front of all flags. */
const PROPERTY_VARIABLES: readonly (readonly [variable: string, property: string, value: string | null])[] = [
  ['ZOO_DATADIR_AUTOCREATE_DISABLE', 'zookeeper.datadir.autocreate', 'false'],
  ['ZOO_LOG4J_PROP', 'zookeeper.root.logger', null],
];

/** Splits at white space outside quotes; the quotes go. */
function splitWords(text: string): { readonly words: readonly string[]; readonly unclosed: boolean } {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (const character of text) {
    if (quote !== '') {
      if (character === quote) quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== null) words.push(word);
  return { words, unclosed: quote !== '' };
}

/** JAVA_OPTS belongs to many Java programs, so it counts only where a file of this installation sets it. */
function isForServer(name: string, variable: Variable): boolean {
  return name !== 'JAVA_OPTS' || variable.origin.kind === 'file';
}

/** Takes the system properties out of the variables that Java servers are given them in. */
export function readEnvironment(variables: Variables): Environment {
  const properties = new Map<string, EnvironmentProperty>();
  const jvmFlags: JvmFlag[] = [];
  const unclosed: Origin[] = [];
  for (const [name, property, value] of PROPERTY_VARIABLES) {
    const variable = variables.get(name);
    if (variable === undefined || variable.value === '') continue;
    properties.set(property, { value: value ?? variable.value, origin: variable.origin });
  }
  for (const name of FLAG_VARIABLES) {
    const variable = variables.get(name);
    if (variable === undefined || !isForServer(name, variable)) continue;
    const { origin } = variable;
    const split = splitWords(variable.value);
    if (split.unclosed) unclosed.push(origin);
    for (const word of split.words) {
      const [, property, value = ''] = /^-D([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
      if (property === undefined) jvmFlags.push({ word, origin });
      else properties.set(property, { value, origin });
    }
  }
  return { properties, jvmFlags, unclosed };
}
