import type { Endpoint, Random } from '../host/index.js';

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 1000;

/**
 * The servers in an order of chance, so that clients spread. Within a round each is tried without delay; between rounds, and
 * after a connection was lost, the delay is random and its bound doubles up to a second.
 */
export class ServerList {
  private readonly order: Endpoint[];
  private at = 0;
  private inVain = 0;
  private preferred: Endpoint | null = null;

  constructor(
    servers: readonly Endpoint[],
    private readonly random: Random,
  ) {
    this.order = [...servers];
    for (let i = this.order.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      const other = this.order[j] as Endpoint;
      this.order[j] = this.order[i] as Endpoint;
      this.order[i] = other;
    }
  }

  get size(): number {
    return this.order.length;
  }

  /** Every server was tried since the last connection. */
  get isRoundInVain(): boolean {
    return this.inVain > 0 && this.inVain % this.order.length === 0;
  }

  next(): Endpoint {
    const { preferred } = this;
    this.preferred = null;
    if (preferred !== null) return preferred;
    const server = this.order[this.at] as Endpoint;
    this.at = (this.at + 1) % this.order.length;
    return server;
  }

  /** The next one is to be this. */
  prefer(server: Endpoint): void {
    this.preferred = server;
  }

  connected(): void {
    this.inVain = 0;
  }

  failed(): void {
    this.inVain++;
  }

  /** How long to wait before the next try. */
  delayMs(): number {
    if (this.preferred !== null) return 0;
    if (this.inVain > 0 && !this.isRoundInVain) return 0;
    const rounds = Math.min(this.inVain / this.order.length, 10);
    return 1 + this.random.below(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** rounds));
  }
}
