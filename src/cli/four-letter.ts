import { connect } from 'node:net';
import type { Endpoint } from '../host/index.js';

export type Answer =
  | { readonly text: string }
  /** Refused: nothing listens there. */
  | { readonly text: null; readonly refused: boolean; readonly why: string };

/** Sends a four-letter word; the whole answer, or why there is none within `timeoutMs`. */
export function ask(server: Endpoint, word: string, timeoutMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: server.host, port: server.port });
    const settle = (answer: Answer): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => {
      settle({ text: null, refused: false, why: `no answer within ${timeoutMs} ms` });
    }, timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle({ text: null, refused: error.code === 'ECONNREFUSED', why: error.message });
    });
    socket.once('connect', () => socket.write(word));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => settle({ text: Buffer.concat(chunks).toString('utf8') }));
  });
}

/** `Name: value` lines of `srvr`. */
export function parseSrvr(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) fields.set(name, value.trim());
  }
  return fields;
}

/** `name<TAB>value` lines of `mntr`; empty when the server does not answer that word. */
export function parseMntr(text: string | null): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of (text ?? '').split('\n')) {
    const [name, value] = line.split('\t');
    if (name !== undefined && value !== undefined) fields.set(name, value);
  }
  return fields;
}
