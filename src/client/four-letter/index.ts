import { cons, crst, dump } from './connection-commands.js';
import type { CommandContext } from './context.js';
import { mntr } from './monitor.js';
import { conf, dirs, elec, envi, gtmk, isro, ruok, srst, srvr, stat, stmk } from './server-commands.js';
import { hash, wchc, wchp, wchs } from './watch-commands.js';
import { type FourLetterWord, LOCAL_WORDS, TELNET_CLOSE } from './words.js';

export type { CommandContext, ConnectionView } from './context.js';
export { monitorFigures } from './monitor.js';
export { resetServerStatistics } from './server-commands.js';
export { type FourLetterWord, FOUR_LETTER_WORDS, parseWhitelist, TELNET_CLOSE, wordOfLength } from './words.js';

export type AnyWord = FourLetterWord | typeof TELNET_CLOSE;

type Command = (context: CommandContext, argument: Buffer) => string | Promise<string>;

const COMMANDS: Readonly<Record<FourLetterWord, Command>> = {
  conf,
  cons,
  crst,
  dirs,
  dump,
  elec,
  envi,
  gtmk,
  hash,
  isro,
  mntr,
  ruok,
  srst,
  srvr,
  stat,
  stmk,
  wchc,
  wchp,
  wchs,
};

/** How many bytes must follow a word before it can be answered: stmk takes a long. */
export function argumentBytes(word: AnyWord): number {
  return word === 'stmk' ? 8 : 0;
}

/** May a client ask this word? `isLocal`: it runs on the machine of the server. */
export function mayAsk(word: AnyWord, isLocal: boolean, allowed: ReadonlySet<string>): boolean {
  return allowed.has(word) || (isLocal && LOCAL_WORDS.some((local) => local === word));
}

/** The answer to a word, in ZooKeeper's layout; empty when there is none. */
export async function answerWord(
  word: AnyWord,
  argument: Buffer,
  isAllowed: boolean,
  context: CommandContext,
): Promise<string> {
  if (!isAllowed) return `${word} is not executed because it is not in the whitelist.\n`;
  return word === TELNET_CLOSE ? '' : COMMANDS[word](context, argument);
}
