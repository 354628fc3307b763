const SUB_BITS = 7;
const SUB_COUNT = 1 << SUB_BITS;
const LINEAR_BELOW = 2 * SUB_COUNT;
const LARGEST = 2 ** 31 - 1;
const PLACES = (30 - SUB_BITS) * SUB_COUNT + LINEAR_BELOW;

/**
 * Counts of whole numbers up to 2^31 - 1 (microseconds here: 35 minutes) in the way of HdrHistogram: exact below 256, then 128
 * steps for each power of two, so that a value is known to 0.8 %. Recording is a few integer operations, and the counts of
 * several workers are added by place, which is why this is not a package.
 */
export class Histogram {
  private readonly places: Float64Array;
  private counted = 0;
  private largest = 0;
  private sum = 0;

  constructor(places: Float64Array = new Float64Array(PLACES)) {
    this.places = places;
  }

  get count(): number {
    return this.counted;
  }

  get max(): number {
    return this.largest;
  }

  /** 0 without any value. */
  get mean(): number {
    return this.counted === 0 ? 0 : this.sum / this.counted;
  }

  record(value: number): void {
    const whole = value > LARGEST ? LARGEST : value < 0 ? 0 : Math.floor(value);
    const place = placeOf(whole);
    this.places[place] = (this.places[place] as number) + 1;
    this.counted++;
    this.sum += whole;
    if (whole > this.largest) this.largest = whole;
  }

  add(other: Histogram): void {
    for (let place = 0; place < PLACES; place++) {
      this.places[place] = (this.places[place] as number) + (other.places[place] as number);
    }
    this.counted += other.counted;
    this.sum += other.sum;
    this.largest = Math.max(this.largest, other.largest);
  }

  /** The value that `percent` of all do not exceed, rounded up within its place, at most the largest; 0 without any value. */
  percentile(percent: number): number {
    if (this.counted === 0) return 0;
    const wanted = Math.max(1, Math.ceil((percent / 100) * this.counted));
    let seen = 0;
    for (let place = 0; place < PLACES; place++) {
      seen += this.places[place] as number;
      if (seen >= wanted) return Math.min(highestOf(place), this.largest);
    }
    return this.largest;
  }

  /** For another thread. */
  toParts(): HistogramParts {
    return { places: this.places, counted: this.counted, largest: this.largest, sum: this.sum };
  }

  static ofParts(parts: HistogramParts): Histogram {
    const histogram = new Histogram(parts.places);
    histogram.counted = parts.counted;
    histogram.largest = parts.largest;
    histogram.sum = parts.sum;
    return histogram;
  }
}

export interface HistogramParts {
  readonly places: Float64Array;
  readonly counted: number;
  readonly largest: number;
  readonly sum: number;
}

function placeOf(value: number): number {
  if (value < LINEAR_BELOW) return value;
  const shift = 31 - Math.clz32(value) - SUB_BITS;
  return shift * SUB_COUNT + (value >>> shift);
}

function highestOf(place: number): number {
  if (place < LINEAR_BELOW) return place;
  const shift = Math.floor(place / SUB_COUNT) - 1;
  const step = place - shift * SUB_COUNT;
  return (step + 1) * 2 ** shift - 1;
}
