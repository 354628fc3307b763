import type { HttpRequest } from '../host/index.js';

const MAX_TEXT_BYTES = 64 * 1024;

/** The body as text; fails when it is longer than any command needs. */
export async function readText({ body }: HttpRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_TEXT_BYTES) throw new Error(`it is longer than ${MAX_TEXT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
