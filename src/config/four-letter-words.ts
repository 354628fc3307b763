import { nearestName } from './nearest.js';
import { placeOf, type RuleContext } from './rules.js';

/** What `4lw.commands.whitelist` can name, beside `*`: ZooKeeper's words, and `elec` of this server. */
export const KNOWN_WORDS: readonly string[] = [
  ...['conf', 'cons', 'crst', 'dirs', 'dump', 'elec', 'envi', 'gtmk', 'hash', 'isro', 'mntr', 'ruok', 'srst', 'srvr'],
  ...['stat', 'stmk', 'wchc', 'wchp', 'wchs'],
];
/** An end of telnet's session, which no one asks for on purpose, has this name there. */
const TELNET_CLOSE = 'telnet close';

/** A word that is written wrong is refused to who asks for the right one, and nothing says why. */
export function checkFourLetterWords(context: Pick<RuleContext, 'faults' | 'settings' | 'values'>): void {
  const key = '4lw.commands.whitelist';
  const allowed = new Set([...KNOWN_WORDS, '*', TELNET_CLOSE]);
  // Spaces set words apart as well.
  const words = context.values[key].flatMap((word) => (allowed.has(word) ? [] : word.split(/\s+/)));
  const unknown = [...new Set(words)].filter((word) => !allowed.has(word));
  if (unknown.length === 0) return;
  const nearest = unknown.length === 1 ? nearestName(unknown[0] ?? '', KNOWN_WORDS) : undefined;
  const hint = nearest === undefined ? '' : `Did you mean ${nearest}? `;
  context.faults.warning(
    'NO_EFFECT',
    placeOf(context, key),
    `there is no four-letter word ${unknown.join(', ')}.`,
    `${hint}The words are ${KNOWN_WORDS.join(', ')}; * stands for all.`,
  );
}
