import type { SeededRandom } from '../../fakes/index.js';
import type { Workload } from './workload.js';

/** All clients of a run, as faults see them. */
export class Crowd {
  constructor(private readonly workloads: readonly Workload[]) {}

  /** So many of those that write come to a server, unless they are there. */
  gather(server: string, count: number, random: SeededRandom): void {
    const elsewhere = this.workloads.filter(
      ({ client, isWriting }) => isWriting && client.isConnected && client.server !== server,
    );
    for (let left = count; left > 0 && elsewhere.length > 0; left--) {
      const [chosen] = elsewhere.splice(random.below(elsewhere.length), 1);
      chosen?.client.hop(server);
    }
  }

  /** The clients of `from` that write leave for `to` with requests under way. False: there are none. */
  move(from: string, to: string): boolean {
    const there = this.workloads.filter(
      ({ client, isWriting }) => isWriting && client.isConnected && client.server === from,
    );
    for (const workload of there) workload.leaveFor(to);
    return there.length > 0;
  }
}
