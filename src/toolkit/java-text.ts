/** Text as the Java virtual machine writes it, for output that scripts read already. */

/** Of the process' time zone. */
export interface TimeZone {
  /** `UTC`, `Europe/Berlin` */
  readonly name: string;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** No time zone changes its offset but at such a time. */
const QUARTER_MS = 15 * 60 * 1000;
const MOST_QUARTERS = 10_000;

/** What holds in a time zone for a quarter of an hour. */
interface Quarter {
  readonly offsetMs: number;
  readonly zone: string;
}

interface LocalTime {
  /** Its UTC fields are those of the local time. */
  readonly date: Date;
  readonly zone: string;
}

function two(value: number | string): string {
  return String(value).padStart(2, '0');
}

/** Formats times in one time zone. */
export class JavaDates {
  private readonly format: Intl.DateTimeFormat;
  /** The formatter is slow. */
  private readonly quarters = new Map<number, Quarter>();

  constructor({ name }: TimeZone) {
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      timeZoneName: 'short',
    });
  }

  /** As `DateFormat.getDateTimeInstance(SHORT, LONG)`: `11/27/26, 12:20:41 AM UTC`. */
  shortLong(timeMs: number): string {
    const local = this.local(timeMs);
    if (local === null) return String(timeMs);
    const { date, zone } = local;
    const day = `${date.getUTCMonth() + 1}/${date.getUTCDate()}/${two(date.getUTCFullYear() % 100)}`;
    return `${day}, ${clock12(date)} ${zone}`;
  }

  /** As `DateFormat.getDateTimeInstance()`: `Nov 27, 2026, 12:20:41 AM`. */
  medium(timeMs: number): string {
    const date = this.local(timeMs)?.date;
    if (date === undefined) return String(timeMs);
    return `${MONTHS[date.getUTCMonth()] ?? ''} ${date.getUTCDate()}, ${date.getUTCFullYear()}, ${clock12(date)}`;
  }

  /** As `Date.toString()`: `Fri Nov 27 00:20:41 UTC 2026`. */
  date(timeMs: number): string {
    const local = this.local(timeMs);
    if (local === null) return String(timeMs);
    const { date, zone } = local;
    const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
    const day = `${WEEKDAYS[date.getUTCDay()] ?? ''} ${MONTHS[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())}`;
    return `${day} ${time} ${zone} ${date.getUTCFullYear()}`;
  }

  /** Null for times that no calendar has. */
  private local(timeMs: number): LocalTime | null {
    const begins = Math.floor(timeMs / QUARTER_MS) * QUARTER_MS;
    const quarter = this.quarters.get(begins) ?? this.ask(begins);
    if (quarter === null) return null;
    const date = new Date(timeMs + quarter.offsetMs);
    return Number.isNaN(date.getTime()) ? null : { date, zone: quarter.zone };
  }

  private ask(begins: number): Quarter | null {
    if (Number.isNaN(new Date(begins).getTime())) return null;
    const found = new Map(this.format.formatToParts(begins).map(({ type, value }) => [type, value] as const));
    const of = (type: Intl.DateTimeFormatPartTypes): number => Number(found.get(type) ?? 0);
    // Before the year 1 they are counted backwards.
    const year = found.get('era') === 'BC' ? 1 - of('year') : of('year');
    const local = new Date(0);
    local.setUTCFullYear(year, of('month') - 1, of('day'));
    local.setUTCHours(of('hour'), of('minute'), of('second'));
    const quarter = { offsetMs: local.getTime() - begins, zone: found.get('timeZoneName') ?? '' };
    if (this.quarters.size >= MOST_QUARTERS) this.quarters.clear();
    this.quarters.set(begins, quarter);
    return quarter;
  }
}

function clock12(date: Date): string {
  const hour = date.getUTCHours();
  const minutes = `${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return `${hour % 12 === 0 ? 12 : hour % 12}:${minutes} ${hour < 12 ? 'AM' : 'PM'}`;
}

/** As `%#016x`: `0x` and at least 14 digits. */
export function paddedHex(value: number | bigint): string {
  return `0x${plainHex(value).padStart(14, '0')}`;
}

/** As `Long.toHexString`. */
export function plainHex(value: number | bigint): string {
  return BigInt.asUintN(64, BigInt(value)).toString(16);
}

/** As a Java string of a text in a jute record: quoted, with what the notation needs for itself escaped. */
export function juteString(text: string): string {
  return `'${text.replace(/[\0\n\r,}%]/g, (found) => `%${two(found.charCodeAt(0).toString(16).toUpperCase())}`)}`;
}
