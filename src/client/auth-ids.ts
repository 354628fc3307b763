import type { Id } from '../protocol/index.js';

/**
 * The ids of a client travel with each of its requests to the leader, which refuses a request with more than 1024 of them. A
 * client has a few; so much less is taken of it that all fit beside the largest request.
 */
const MAX_IDS = 256;
const MAX_ID_BYTES = 32 * 1024;

/** For the log. */
export const ID_LIMITS = `a client may have ${MAX_IDS} ids, of ${MAX_ID_BYTES} bytes together`;

/** `known` and those of `added` that are new; null when these are more than a client may have. */
export function withIds(known: readonly Id[], added: readonly Id[]): readonly Id[] | null {
  const all = [...known];
  for (const id of added) {
    if (!all.some((other) => other.scheme === id.scheme && other.id === id.id)) all.push(id);
  }
  if (all.length === known.length) return known;
  const bytes = all.reduce((sum, { scheme, id }) => sum + Buffer.byteLength(scheme) + Buffer.byteLength(id), 0);
  return all.length > MAX_IDS || bytes > MAX_ID_BYTES ? null : all;
}
