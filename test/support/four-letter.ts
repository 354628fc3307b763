import { connect } from 'node:net';

/** Sends a four-letter word and returns the whole answer; empty when nothing answers within `timeoutMs`. */
export function fourLetter(port: number, word: string, timeoutMs = 2000, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host, port });
    const finish = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('utf8'));
    };
    socket.setTimeout(timeoutMs, finish);
    socket.once('error', finish);
    socket.once('close', finish);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.write(word);
  });
}

/** `leader`, `follower`, `standalone`, ...; empty while the server does not serve. */
export async function serverMode(port: number, host?: string): Promise<string> {
  return /^Mode: (.*)$/m.exec(await fourLetter(port, 'srvr', undefined, host))?.[1]?.trim() ?? '';
}
