import { Broken } from './target.js';

/** So much a decoder may ask for at once, whatever the input: its own fixed buffers. */
const FIXED_BYTES = 4 * 1024 * 1024;
const TIMES_INPUT = 64;

type Allocate = (size: number, ...rest: never[]) => Buffer;
type Name = 'alloc' | 'allocUnsafe' | 'allocUnsafeSlow';

let largest = 0;
let isWatching = false;

/** From now on in this thread the largest buffer that anybody asks for is known. */
export function watchAllocations(): void {
  if (isWatching) return;
  isWatching = true;
  const classes = Buffer as unknown as Record<Name, Allocate>;
  for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow'] as const) {
    const allocate = classes[name];
    classes[name] = (size, ...rest) => {
      largest = Math.max(largest, size);
      return allocate(size, ...rest);
    };
  }
}

/** Throws when an allocation since the last call was out of proportion to an input of this size. */
export function checkAllocations(inputBytes: number, fixedBytes = FIXED_BYTES): void {
  const found = largest;
  largest = 0;
  if (found > fixedBytes + inputBytes * TIMES_INPUT) {
    throw new Broken(`${found} bytes at once for an input of ${inputBytes}`);
  }
}
