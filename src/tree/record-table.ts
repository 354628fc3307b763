const PAGE_RECORDS_BITS = 14;
const PAGE_RECORDS = 1 << PAGE_RECORDS_BITS;
const PAGE_MASK = PAGE_RECORDS - 1;
/** The first page begins with so many: most tables stay small, and memory outside the heap makes its collector run. */
const FIRST_RECORDS = 256;

/**
 * Records of a fixed number of 32-bit words, kept outside the JavaScript heap in pages of 16,384 records, so that
 * growing never copies, but for the first page, which doubles until it has that size. A record is named by its number;
 * numbers of freed records are given out again.
 *
 * Hot code reads fields as `page[base + field]` with `page(id)` and `base(id)`; a page is good until the next `allocate`.
 */
export class RecordTable {
  /** Numbers given out so far are below this. */
  limit = 0;
  /** There is room for records below this. */
  private capacity = 0;
  private readonly pages: Int32Array[] = [];
  private freed = -1;
  private freedCount = 0;

  /** `wordsBits`: a record has 2^wordsBits words. The first word of a freed record links it to the next freed one. */
  constructor(private readonly wordsBits: number) {}

  get count(): number {
    return this.limit - this.freedCount;
  }

  get reservedBytes(): number {
    return (this.capacity << this.wordsBits) * 4;
  }

  page(id: number): Int32Array {
    return this.pages[id >>> PAGE_RECORDS_BITS] as Int32Array;
  }

  base(id: number): number {
    return (id & PAGE_MASK) << this.wordsBits;
  }

  get(id: number, field: number): number {
    return this.page(id)[this.base(id) + field] as number;
  }

  put(id: number, field: number, value: number): void {
    this.page(id)[this.base(id) + field] = value;
  }

  /** A record whose words may hold anything. */
  allocate(): number {
    const id = this.freed;
    if (id !== -1) {
      this.freed = this.get(id, 0);
      this.freedCount--;
      return id;
    }
    if (this.limit === this.capacity) this.grow();
    return this.limit++;
  }

  private grow(): void {
    const records = Math.min(Math.max(this.capacity, FIRST_RECORDS), PAGE_RECORDS);
    this.capacity += records;
    if (this.capacity > PAGE_RECORDS || this.pages.length === 0) {
      this.pages.push(new Int32Array(records << this.wordsBits));
      return;
    }
    const grown = new Int32Array(this.capacity << this.wordsBits);
    grown.set(this.page(0));
    this.pages[0] = grown;
  }

  free(id: number): void {
    this.put(id, 0, this.freed);
    this.freed = id;
    this.freedCount++;
  }
}
