import type { Random } from '../host/index.js';

/** Settings of the token bucket for new connections; the comments name ZooKeeper's keys, all `connection_throttle_...`. */
export interface ConnectionThrottleOptions {
  /** `tokens`: how many the bucket holds; 0: there is no limit. */
  readonly tokens: number;
  /** `fill_time`: time between two fillings. */
  readonly fillTimeMs: number;
  /** `fill_count`: tokens that each filling adds. */
  readonly fillCount: number;
  /** `freeze_time`: time between two changes of the drop probability; -1: nothing is dropped at random. */
  readonly freezeTimeMs: number;
  /** `drop_increase`: what an empty bucket adds to the drop probability. */
  readonly dropIncrease: number;
  /** `drop_decrease`: what a full enough bucket takes off it. */
  readonly dropDecrease: number;
  /** `decrease_ratio`: the bucket is full enough while at most this share of it is missing. */
  readonly decreaseRatio: number;
  /** `weight_enabled`: kinds of session take different numbers of tokens. Else each takes one. */
  readonly isWeighted: boolean;
  readonly globalSessionWeight: number;
  readonly localSessionWeight: number;
  readonly renewSessionWeight: number;
}

export const NO_CONNECTION_THROTTLE: ConnectionThrottleOptions = {
  tokens: 0,
  fillTimeMs: 1,
  fillCount: 1,
  freezeTimeMs: -1,
  dropIncrease: 0.02,
  dropDecrease: 0.002,
  decreaseRatio: 0,
  isWeighted: false,
  globalSessionWeight: 3,
  localSessionWeight: 1,
  renewSessionWeight: 2,
};

/** What a connect request asks for. */
export type SessionKind = 'global' | 'local' | 'renewed';

/**
 * The token bucket that limits how fast clients may connect, with a share that is dropped at random while it stays empty
 * (ZooKeeper's `BlueThrottle`; BLUE: Feng et al. 1999, "A New Class of Active Queue Management Algorithms").
 */
export class ConnectionThrottle {
  private readonly maxTokens: number;
  private readonly fillCount: number;
  private readonly weights: Readonly<Record<SessionKind, number>>;
  private tokens: number;
  private filledMs: number;
  private frozenMs: number;
  private drop = 0;

  constructor(
    private readonly options: ConnectionThrottleOptions,
    private readonly random: Random,
    nowMs: number,
  ) {
    this.weights = weightsOf(options);
    // The bucket is counted in sessions, whatever they weigh.
    const scale = options.isWeighted ? this.weights.global : 1;
    this.maxTokens = options.tokens * scale;
    this.fillCount = options.fillCount * scale;
    this.tokens = this.maxTokens;
    this.filledMs = nowMs;
    this.frozenMs = nowMs;
  }

  /** A share of connect requests that is refused although there are tokens, 0 to 1. */
  get dropProbability(): number {
    return this.drop;
  }

  /** Tokens that are missing to a full bucket. */
  get deficit(): number {
    return this.maxTokens - this.tokens;
  }

  /** May a client connect for such a session now? Then its tokens are taken. */
  admit(kind: SessionKind, nowMs: number): boolean {
    if (this.maxTokens === 0) return true;
    this.fill(nowMs);
    if (this.options.freezeTimeMs !== -1 && this.isDropped(nowMs)) return false;
    const needed = this.options.isWeighted ? this.weights[kind] : 1;
    if (this.tokens < needed) return false;
    this.tokens -= needed;
    return true;
  }

  private fill(nowMs: number): void {
    const elapsedMs = nowMs - this.filledMs;
    if (elapsedMs <= this.options.fillTimeMs) return;
    const fresh = Math.floor((elapsedMs * this.fillCount) / this.options.fillTimeMs);
    this.tokens = Math.min(this.tokens + fresh, this.maxTokens);
    this.filledMs = nowMs;
  }

  private isDropped(nowMs: number): boolean {
    const { decreaseRatio, dropDecrease, dropIncrease, freezeTimeMs } = this.options;
    if (nowMs - this.frozenMs > freezeTimeMs) {
      if (this.tokens === 0) this.drop = Math.min(this.drop + dropIncrease, 1);
      else if (this.deficit <= Math.round(this.maxTokens * decreaseRatio)) {
        this.drop = Math.max(this.drop - dropDecrease, 0);
      }
      this.frozenMs = nowMs;
    }
    return this.random.below(DRAWS) < this.drop * DRAWS;
  }
}

const DRAWS = 0x1_0000_0000;

/** Weights that cannot be are ZooKeeper's defaults, and no session weighs less than a local one. */
function weightsOf(options: ConnectionThrottleOptions): Readonly<Record<SessionKind, number>> {
  const { globalSessionWeight, localSessionWeight, renewSessionWeight } = options;
  const heavy = (weight: number, usual: number): number => (weight <= 0 ? usual : Math.max(weight, localSessionWeight));
  return {
    global: heavy(globalSessionWeight, NO_CONNECTION_THROTTLE.globalSessionWeight),
    local: localSessionWeight <= 0 ? NO_CONNECTION_THROTTLE.localSessionWeight : localSessionWeight,
    renewed: heavy(renewSessionWeight, NO_CONNECTION_THROTTLE.renewSessionWeight),
  };
}
