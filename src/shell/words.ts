const WORD = /\s*([^"']\S*|"[^"]*"|'[^']*')\s*/g;
const QUOTED = /^(['"])(.*)\1$/s;

/**
 * Splits a line as zkCli.sh does: a word that begins with a quote ends with the same one and may hold blanks; a quote inside of
 * a word is an ordinary character; there are no escapes. A quote that is never closed is left out.
 */
export function wordsOf(line: string): string[] {
  if (line.trim() === '') return [];
  return [...line.matchAll(WORD)].map((match) => unquoted(match[1] ?? ''));
}

function unquoted(word: string): string {
  return QUOTED.test(word) && word.length > 1 ? word.slice(1, -1) : word;
}

/** The word in the form that `wordsOf` takes for it. */
export function quoted(word: string): string {
  if (word !== '' && !/\s/.test(word) && !/^["']/.test(word)) return word;
  return word.includes('"') ? `'${word}'` : `"${word}"`;
}
