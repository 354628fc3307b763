/** The only source of chance. Simulated from a seed in `test/fakes`. */
export interface Random {
  /** A whole number in [0, bound); bound is at most 2^32. */
  below(bound: number): number;
  bytes(length: number): Buffer;
}
