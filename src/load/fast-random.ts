/** Xorshift (Marsaglia 2003) in 32 bits: chance that costs next to nothing, for choosing keys and operations. */
export class FastRandom {
  private state: number;

  constructor(seed: number) {
    this.state = (seed | 0) === 0 ? 0x9e3779b9 | 0 : seed | 0;
  }

  /** A whole number in [0, bound); bound is at most 2^31. */
  below(bound: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % bound;
  }
}
