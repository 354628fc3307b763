/**
 * Delta debugging (Zeller and Hildebrandt, 2002): a smaller list for which `fails` still holds, found by leaving out ever
 * smaller pieces. `fails` is asked at most `mostTries` times.
 */
export async function shrink<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
  mostTries: number,
): Promise<readonly T[]> {
  let left = items;
  let pieces = 2;
  let tries = 0;
  while (left.length > 0 && tries < mostTries) {
    const size = Math.ceil(left.length / pieces);
    let smaller: readonly T[] | undefined;
    for (let from = 0; from < left.length && tries < mostTries; from += size) {
      const candidate = [...left.slice(0, from), ...left.slice(from + size)];
      tries++;
      if (!(await fails(candidate))) continue;
      smaller = candidate;
      break;
    }
    if (smaller !== undefined) {
      left = smaller;
      pieces = Math.max(2, pieces - 1);
    } else if (size === 1) {
      break;
    } else {
      pieces = Math.min(left.length, pieces * 2);
    }
  }
  return left;
}
