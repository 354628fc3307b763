/** What speaks on a port that is not its own. */
export type Stranger = 'TLS' | 'HTTP' | 'SSH' | 'four-letter word' | 'client' | 'learner' | 'election';

/** The three ports of a server: clientPort, and the two of its server line. */
export type Port = 'client' | 'quorum' | 'election';

const TLS_RECORDS = new Set([0x15, 0x16]);
const HTTP_WORDS = new Set(['GET ', 'POST', 'HEAD', 'PUT ', 'OPTI', 'DELE', 'CONN', 'PRI ']);
const FOUR_LETTERS = new Set([
  ...['conf', 'cons', 'crst', 'dirs', 'dump', 'envi', 'hash', 'isro', 'mntr', 'ruok', 'srst', 'srvr', 'stat', 'stmk'],
  ...['gtmk', 'wchc', 'wchp', 'wchs'],
]);
/** `int version; long lastZxid; int timeout; long session; buffer password`, and a boolean from 3.4 on: with any password. */
const CONNECT_BYTES = { least: 28, most: 128 };
/** FOLLOWERINFO and OBSERVERINFO: `int type; int epoch; int 0`. */
const LEARNER_INFO_TYPES = new Set([11, 16]);
const GREETING_VERSIONS = new Set([-65536, -65535]);

/** Whose first bytes these are, as far as they tell. */
export function strangerOf(bytes: Buffer): Stranger | null {
  if (bytes.length < 4) return null;
  if (TLS_RECORDS.has(bytes[0] as number) && bytes[1] === 3 && (bytes[2] as number) <= 4) return 'TLS';
  const word = bytes.toString('latin1', 0, 4);
  if (HTTP_WORDS.has(word)) return 'HTTP';
  if (word === 'SSH-') return 'SSH';
  if (FOUR_LETTERS.has(word)) return 'four-letter word';
  return serverOrClient(bytes);
}

function serverOrClient(bytes: Buffer): Stranger | null {
  if (bytes.length < 8) return null;
  const [first, second] = [bytes.readInt32BE(0), bytes.readInt32BE(4)];
  if (first === -1 && GREETING_VERSIONS.has(second)) return 'election';
  if (bytes.length >= 12 && LEARNER_INFO_TYPES.has(first) && bytes.readInt32BE(8) === 0) return 'learner';
  const isConnect = first >= CONNECT_BYTES.least && first <= CONNECT_BYTES.most && second === 0;
  return isConnect ? 'client' : null;
}

const PLAIN: Readonly<Record<Port, string>> = {
  client:
    'which clientPort does not speak: let this client use secureClientPort, or take client.secure out of its settings',
  quorum: "which this server's quorum port does not speak: set sslQuorum alike on all servers",
  election: "which this server's election port does not speak: set sslQuorum alike on all servers",
};

const NAMES: Readonly<Record<Port, string>> = {
  client: 'clientPort',
  quorum: 'the quorum port (the first one of a server line)',
  election: 'the election port (the second one of a server line)',
};

/**
 * In parentheses, and with a space before them: what the first bytes of a refused connection look like and what to do, to
 * save an operator the guessing. Empty when they look like nothing in particular, or like what belongs there.
 */
export function hintOnBytes(bytes: Buffer, port: Port): string {
  switch (strangerOf(bytes)) {
    case 'TLS':
      return ` (it begins like TLS, ${PLAIN[port]})`;
    case 'HTTP':
      return ` (it begins like HTTP, but this is ${NAMES[port]}; commands over HTTP have admin.serverPort)`;
    case 'SSH':
      return ` (it begins like SSH, but this is ${NAMES[port]})`;
    case 'four-letter word':
      return port === 'client'
        ? ''
        : ` (it begins like a four-letter word, which clientPort answers, not ${NAMES[port]})`;
    case 'client':
      return port === 'client' ? '' : ` (it begins like a client, which belongs to clientPort, not ${NAMES[port]})`;
    case 'learner':
      return misdirected(port, 'quorum', 'a follower or an observer');
    case 'election':
      return misdirected(port, 'election', 'a server that looks for a leader');
    case null:
      return '';
  }
}

function misdirected(port: Port, right: Port, who: string): string {
  if (port === right) return '';
  return ` (it begins like ${who}: some server line gives ${NAMES[port]} where ${NAMES[right]} belongs)`;
}
