/**
 * A double as Java prints it (`Double.toString`): always with a fraction, and with an exponent below 10^-3 and from 10^7 on.
 * Scripts that parse ZooKeeper's text compare such numbers as text.
 */
export function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : value < 0 ? '-Infinity' : 'NaN';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e7) return withFraction(String(value));
  const [digits, exponent] = value.toExponential().split('e');
  return `${withFraction(digits as string)}E${Number(exponent)}`;
}

function withFraction(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** An average as ZooKeeper rounds it: four places, half up. */
export function javaAverage(sum: number, count: number): number {
  return count === 0 ? 0 : Math.round((sum / count) * 10_000) / 10_000;
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Tue Nov 24 02:30:45 UTC 2026`, as `java.util.Date` prints a time on a machine that runs in UTC. */
export function javaDate(wallMs: number): string {
  const date = new Date(wallMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${DAYS[date.getUTCDay()] ?? ''} ${MONTHS[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return `${day} ${time} UTC ${date.getUTCFullYear()}`;
}

/** `/127.0.0.1:2181` or `/[0:0:0:0:0:0:0:1]:2181`: an address without a name, as Java prints it. */
export function javaAddress(host: string, port: number): string {
  return host.includes(':') ? `/[${expandIpv6(host)}]:${port}` : `/${host}:${port}`;
}

/** All eight groups without leading zeros; a zone (`%eth0`) stays. */
function expandIpv6(host: string): string {
  const [address = '', zone] = host.split('%');
  const [left = '', right] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const zeros = right === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const all = [...head, ...new Array<string>(zeros).fill('0'), ...tail];
  const text = all.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':');
  return zone === undefined ? text : `${text}%${zone}`;
}
