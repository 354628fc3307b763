import type { Origin } from './origin.js';

/** A system property as the environment sets it. */
export interface EnvironmentProperty {
  readonly value: string;
  readonly origin: Origin;
}

export interface Environment {
  /** Names without `-D`; the last word that sets one counts. */
  readonly properties: ReadonlyMap<string, EnvironmentProperty>;
  /** Flags for the Java machine itself. */
  readonly jvmFlags: readonly { readonly word: string; readonly origin: Origin }[];
  /** Variables whose last quote is never closed. */
  readonly unclosed: readonly Origin[];
}

/**
 * In the order in which their words stand on the command line of a Java server, so that later ones win: the launcher puts
 * JDK_JAVA_OPTIONS in front, and `zkServer.sh` writes SERVER_JVMFLAGS before JVMFLAGS.
 */
const FLAG_VARIABLES = ['JDK_JAVA_OPTIONS', 'SERVER_JVMFLAGS', 'JVMFLAGS'] as const;

/** `zkServer.sh` turns this one into a property. */
const AUTOCREATE_VARIABLE = 'ZOO_DATADIR_AUTOCREATE_DISABLE';

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

/** Takes the system properties out of the variables that Java servers are given them in. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const properties = new Map<string, EnvironmentProperty>();
  const jvmFlags: { word: string; origin: Origin }[] = [];
  const unclosed: Origin[] = [];
  if ((env[AUTOCREATE_VARIABLE] ?? '') !== '') {
    properties.set('zookeeper.datadir.autocreate', {
      value: 'false',
      origin: { kind: 'environment', variable: AUTOCREATE_VARIABLE },
    });
  }
  for (const variable of FLAG_VARIABLES) {
    const origin: Origin = { kind: 'environment', variable };
    const split = splitWords(env[variable] ?? '');
    if (split.unclosed) unclosed.push(origin);
    for (const word of split.words) {
      const [, name, value = ''] = /^-D([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
      if (name === undefined) jvmFlags.push({ word, origin });
      else properties.set(name, { value, origin });
    }
  }
  return { properties, jvmFlags, unclosed };
}
