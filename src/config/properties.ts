/**
 * Reads the text of zoo.cfg as `java.util.Properties` does.
 *
 * The reader is our own because the `ini` package reads another language: there `;` and `#` end a value (`server.1=...;2181`
 * loses its client port), `[x]` opens a section, quotes vanish, `a[]` is an array, and `:`, a space, a trailing backslash and
 * `\u00e9` mean nothing. `test/config/properties.test.ts` shows each difference, and compares this reader with the answers of
 * a real `java.util.Properties`.
 */

export interface PropertyLine {
  readonly key: string;
  readonly value: string;
  /** Where the entry begins, from 1. */
  readonly line: number;
}

export interface PropertyProblem {
  readonly line: number;
  readonly reason: string;
}

export interface PropertyText {
  /** Every entry in the order of the text, repeated keys too: the last one counts. */
  readonly entries: readonly PropertyLine[];
  readonly problems: readonly PropertyProblem[];
  /** Lines with bytes beyond ASCII, which Java takes as ISO-8859-1 whatever the editor meant. */
  readonly beyondAscii: readonly number[];
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

/** Joins continued lines and drops blank lines and comments. */
function logicalLines(text: string): LogicalLine[] {
  const result: LogicalLine[] = [];
  let joined = '';
  let start = 0;
  for (const [index, natural] of text.split(/\r\n|\r|\n/).entries()) {
    const piece = natural.replace(/^[ \t\f]+/, '');
    if (joined === '') {
      if (piece === '' || piece.startsWith('#') || piece.startsWith('!')) continue;
      start = index + 1;
    }
    const backslashes = /\\*$/.exec(piece)?.[0].length ?? 0;
    const continues = backslashes % 2 === 1;
    joined += continues ? piece.slice(0, -1) : piece;
    if (continues) continue;
    if (joined !== '') result.push({ text: joined, line: start });
    joined = '';
  }
  if (joined !== '') result.push({ text: joined, line: start });
  return result;
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|[^])/g, (_match, escape: string) =>
    escape.length === 5 ? String.fromCharCode(Number.parseInt(escape.slice(1), 16)) : (ESCAPES[escape] ?? escape),
  );
}

/** A `\u` that four hexadecimal digits do not follow; Java refuses the whole file. */
function hasBrokenUnicode(text: string): boolean {
  return [...text.matchAll(/\\(u[0-9a-fA-F]{4}|[^])/g)].some((match) => match[1] === 'u');
}

const KEY_AND_SEPARATOR = /^((?:\\[^]|[^\\=: \t\f])*)[ \t\f]*[=:]?[ \t\f]*/;

/** `bytes` as they stand in the file; Java takes each for one character. */
export function parseProperties(bytes: Buffer): PropertyText {
  const entries: PropertyLine[] = [];
  const problems: PropertyProblem[] = [];
  const beyondAscii: number[] = [];
  for (const { text, line } of logicalLines(bytes.toString('latin1'))) {
    if (hasBrokenUnicode(text)) {
      problems.push({ line, reason: 'a \\u is not followed by four hexadecimal digits' });
      continue;
    }
    if (/[\u0080-\u00ff]/.test(text)) beyondAscii.push(line);
    const [head = '', key = ''] = KEY_AND_SEPARATOR.exec(text) ?? [];
    entries.push({ key: unescape(key), value: unescape(text.slice(head.length)), line });
  }
  return { entries, problems, beyondAscii };
}

/** `String.trim`: also control characters go. */
export function javaTrim(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) <= 0x20) from++;
  while (to > from && text.charCodeAt(to - 1) <= 0x20) to--;
  return text.slice(from, to);
}
