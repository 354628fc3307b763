const KIB = 1024;
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12.3 MiB` */
export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= KIB && unit < UNITS.length - 1) {
    size /= KIB;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** `1,234` */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** `0.42 ms`, `12 ms`, `3.4 s` */
export function milliseconds(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  if (value >= 100) return `${Math.round(value)} ms`;
  return `${value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}

/** `3 d 4 h`, `12 min`, `8 s` */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  if (hours > 0) return `${hours} h ${minutes % 60} min`;
  if (minutes > 0) return `${minutes} min ${seconds % 60} s`;
  return `${seconds} s`;
}

/** `14:03:07` in the browser's zone. */
export function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString('en-GB');
}

/** `2026-11-27 14:03:07` */
export function dateTime(wallMs: number): string {
  return new Date(wallMs).toLocaleString('sv-SE');
}

/** `1 server`, `2 servers` */
export function plural(value: number, one: string): string {
  return `${count(value)} ${one}${value === 1 ? '' : 's'}`;
}
