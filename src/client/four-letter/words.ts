/** ZooKeeper's four-letter words; telnet's end of session is known too, so that it is refused in the same words. */
export const FOUR_LETTER_WORDS = [
  'conf',
  'cons',
  'crst',
  'dirs',
  'dump',
  'envi',
  'gtmk',
  'hash',
  'isro',
  'mntr',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'stmk',
  'wchc',
  'wchp',
  'wchs',
] as const;

/**
 * This server's own: `elec` tells the last elections as JSON. Nothing in it is secret to who may log in on the machine, so
 * its clients there are always answered.
 */
export const LOCAL_WORDS = ['elec'] as const;

export type FourLetterWord = (typeof FOUR_LETTER_WORDS)[number] | (typeof LOCAL_WORDS)[number];

/** What telnet sends when its user ends the connection. */
export const TELNET_CLOSE = 'telnet close';
const TELNET_CLOSE_CODE = 0xfff4fffd | 0;

const WORDS_BY_CODE = new Map<number, FourLetterWord | typeof TELNET_CLOSE>([
  ...[...FOUR_LETTER_WORDS, ...LOCAL_WORDS].map((word) => [Buffer.from(word).readInt32BE(0), word] as const),
  [TELNET_CLOSE_CODE, TELNET_CLOSE] as const,
]);

/** The word whose four bytes were read as a frame's length. */
export function wordOfLength(length: number): FourLetterWord | typeof TELNET_CLOSE | undefined {
  return WORDS_BY_CODE.get(length);
}

/**
 * `4lw.commands.whitelist`: words set apart by commas (spaces do no harm), `*` for all. `srvr` is always allowed
 * (ZooKeeper's own scripts need it), `isro` in servers that may serve read-only.
 */
export function parseWhitelist(text: string, readOnlyMode: boolean): ReadonlySet<string> {
  const allowed = new Set<string>(readOnlyMode ? ['srvr', 'isro'] : ['srvr']);
  for (const word of text.split(/[,\s]+/)) {
    if (word === '*') for (const known of WORDS_BY_CODE.values()) allowed.add(known);
    else if (word !== '') allowed.add(word);
  }
  return allowed;
}
