const PAGE_BYTES = 1024 * 1024;
/** The first pages are small ones: most trees are, and each size class takes a page. */
const SMALL_PAGE_BYTES = 32 * 1024;
const SMALL_PAGES = 64;
const GRAIN_BITS = 3;
/** A handle is the page's number, then the place in it in grains of 8 bytes. */
const PLACE_BITS = 17;
const PLACE_MASK = (1 << PLACE_BITS) - 1;
const MOST_PAGES = 1 << (31 - PLACE_BITS);
/** Larger blocks are Buffers of their own. */
const LARGEST_CLASS_BYTES = 16 * 1024;
/** Empty pages kept for any size class to use; more are given back. */
const SPARE_PAGES = 4;
const NONE = -1;

/** Block sizes: every 8 bytes up to 512, then in steps of an eighth, so that at most 12.5% of a block is waste. */
const CLASS_BYTES = makeClasses();
const CLASS_OF_GRAINS = mapGrainsToClasses();

function makeClasses(): number[] {
  const sizes: number[] = [];
  for (let size = 8; size <= 512; size += 8) sizes.push(size);
  for (let power = 512; power < LARGEST_CLASS_BYTES; power *= 2) {
    for (let step = 1; step <= 8; step++) sizes.push(power + (power / 8) * step);
  }
  return sizes;
}

function mapGrainsToClasses(): Uint8Array {
  const classes = new Uint8Array((LARGEST_CLASS_BYTES >> GRAIN_BITS) + 1);
  let sizeClass = 0;
  for (let grains = 0; grains < classes.length; grains++) {
    if (grains << GRAIN_BITS > (CLASS_BYTES[sizeClass] as number)) sizeClass++;
    classes[grains] = sizeClass;
  }
  return classes;
}

/** Cut into blocks of one size class. Blocks behind `fresh` were never used, so the system has not given memory for them. */
class Page {
  sizeClass = 0;
  blockBytes = 0;
  used = 0;
  fresh = 0;
  freed = NONE;
  /** Where the page stands in its class's list of pages with room; NONE when it is full. */
  listed = NONE;

  constructor(
    readonly id: number,
    private readonly view: DataView,
  ) {}

  get bytes(): number {
    return this.view.byteLength;
  }

  prepare(sizeClass: number): void {
    this.sizeClass = sizeClass;
    this.blockBytes = CLASS_BYTES[sizeClass] as number;
    this.used = 0;
    this.fresh = 0;
    this.freed = NONE;
  }

  get hasRoom(): boolean {
    return this.freed !== NONE || this.fresh + this.blockBytes <= this.bytes;
  }

  /** Offset of a block. The first word of a freed block is the offset of the next freed one. */
  take(): number {
    this.used++;
    if (this.freed === NONE) {
      const offset = this.fresh;
      this.fresh += this.blockBytes;
      return offset;
    }
    const offset = this.freed;
    this.freed = this.view.getInt32(offset);
    return offset;
  }

  giveBack(offset: number): void {
    this.view.setInt32(offset, this.freed);
    this.freed = offset;
    this.used--;
  }
}

/**
 * Blocks of bytes outside the JavaScript heap: pages of 1 MiB (the first ones are smaller), each cut into blocks of one size class; freed blocks are
 * used again, pages that became empty serve any class. (A page costs memory only as far as it was ever used.) A block is named by a handle (an int32); its bytes are
 * `bytes(handle)` from `offset(handle)`, and stay there until it is freed.
 */
export class BlockStore {
  /** Bytes of pages and large blocks taken from the system, used or not. */
  reservedBytes = 0;
  private readonly pages: (Page | undefined)[] = [];
  // Beside the pages, not in them: what is read for every node is then one step away.
  private readonly pageBytes: (Buffer | undefined)[] = [];
  private readonly pageViews: (DataView | undefined)[] = [];
  private readonly freePageIds: number[] = [];
  private readonly spare: Page[] = [];
  private readonly withRoom: Page[][] = CLASS_BYTES.map(() => []);
  private readonly largeBytes: (Buffer | undefined)[] = [];
  private readonly largeViews: (DataView | undefined)[] = [];
  private readonly freeLarge: number[] = [];

  /** How many bytes a block asked for with `size` really has. */
  static roomFor(size: number): number {
    if (size > LARGEST_CLASS_BYTES) return size;
    return CLASS_BYTES[CLASS_OF_GRAINS[(size + 7) >>> GRAIN_BITS] as number] as number;
  }

  /** A block of at least `size` bytes, with any content. */
  allocate(size: number): number {
    if (size > LARGEST_CLASS_BYTES) return this.allocateLarge(size);
    const sizeClass = CLASS_OF_GRAINS[(size + 7) >>> GRAIN_BITS] as number;
    const list = this.withRoom[sizeClass] as Page[];
    const page = list.at(-1) ?? this.addPage(sizeClass, list);
    const offset = page.take();
    if (!page.hasRoom) {
      list.pop();
      page.listed = NONE;
    }
    return (page.id << PLACE_BITS) | (offset >>> GRAIN_BITS);
  }

  free(handle: number): void {
    if (handle < 0) {
      this.freeLargeBlock(-1 - handle);
      return;
    }
    const page = this.pages[handle >>> PLACE_BITS] as Page;
    page.giveBack(this.offset(handle));
    const list = this.withRoom[page.sizeClass] as Page[];
    if (page.listed === NONE) {
      page.listed = list.length;
      list.push(page);
    }
    if (page.used === 0 && list.length > 1) this.retire(page, list);
  }

  bytes(handle: number): Buffer {
    return (handle >= 0 ? this.pageBytes[handle >>> PLACE_BITS] : this.largeBytes[-1 - handle]) as Buffer;
  }

  view(handle: number): DataView {
    return (handle >= 0 ? this.pageViews[handle >>> PLACE_BITS] : this.largeViews[-1 - handle]) as DataView;
  }

  offset(handle: number): number {
    return handle >= 0 ? (handle & PLACE_MASK) << GRAIN_BITS : 0;
  }

  private addPage(sizeClass: number, list: Page[]): Page {
    const page = this.spare.pop() ?? this.newPage();
    page.prepare(sizeClass);
    page.listed = list.length;
    list.push(page);
    return page;
  }

  private newPage(): Page {
    const id = this.freePageIds.pop() ?? this.pages.length;
    if (id >= MOST_PAGES) throw new RangeError(`the tree's ${MOST_PAGES} pages of ${PAGE_BYTES} bytes are all in use`);
    const bytes = Buffer.allocUnsafeSlow(id < SMALL_PAGES ? SMALL_PAGE_BYTES : PAGE_BYTES);
    const view = viewOf(bytes);
    const page = new Page(id, view);
    this.pages[id] = page;
    this.pageBytes[id] = bytes;
    this.pageViews[id] = view;
    this.reservedBytes += page.bytes;
    return page;
  }

  private retire(page: Page, list: Page[]): void {
    const last = list.pop() as Page;
    if (last !== page) {
      list[page.listed] = last;
      last.listed = page.listed;
    }
    page.listed = NONE;
    if (this.spare.length < SPARE_PAGES) {
      this.spare.push(page);
      return;
    }
    this.pages[page.id] = undefined;
    this.pageBytes[page.id] = undefined;
    this.pageViews[page.id] = undefined;
    this.freePageIds.push(page.id);
    this.reservedBytes -= page.bytes;
  }

  private allocateLarge(size: number): number {
    const index = this.freeLarge.pop() ?? this.largeBytes.length;
    const bytes = Buffer.allocUnsafeSlow(size);
    this.largeBytes[index] = bytes;
    this.largeViews[index] = viewOf(bytes);
    this.reservedBytes += size;
    return -1 - index;
  }

  private freeLargeBlock(index: number): void {
    this.reservedBytes -= (this.largeBytes[index] as Buffer).length;
    this.largeBytes[index] = undefined;
    this.largeViews[index] = undefined;
    this.freeLarge.push(index);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
