import type { Step } from './steps.js';

/** The least of `steps` that `fails` still, by leaving out ever smaller parts (delta debugging), then single requests. */
export async function shrink(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
): Promise<Step[]> {
  const fewer = await leaveOut([...steps], fails);
  // Requests that were sent together: each alone, where that is enough, then fewer.
  const apart = fewer.flatMap((step) =>
    step.kind === 'send' ? step.requests.map((request): Step => ({ ...step, requests: [request] })) : [step],
  );
  if (apart.length > fewer.length && (await fails(apart))) return leaveOut(apart, fails);
  let best = fewer;
  for (let at = 0; at < best.length; at++) {
    const step = best[at];
    if (step?.kind !== 'send' || step.requests.length === 1) continue;
    const withRequests = (requests: typeof step.requests): Step[] => best.with(at, { ...step, requests });
    const requests = await leaveOut([...step.requests], (part) => fails(withRequests(part)));
    best = withRequests(requests);
  }
  return best;
}

async function leaveOut<T>(items: T[], fails: (items: readonly T[]) => Promise<boolean>): Promise<T[]> {
  let best = items;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length;) {
      const rest = [...best.slice(0, at), ...best.slice(at + size)];
      if (rest.length > 0 && (await fails(rest))) best = rest;
      else at += size;
    }
  }
  return best;
}
