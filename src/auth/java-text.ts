/** `String.split(":")` of Java: empty parts at the end do not count. */
export function splitAtColons(text: string): string[] {
  const parts = text.split(':');
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

/** What stands before the first `separator`; all of it when there is none. */
export function headOf(text: string, separator: string): string {
  const at = text.indexOf(separator);
  return at < 0 ? text : text.slice(0, at);
}

/** `Integer.parseInt`: an optional sign and decimal digits; NaN for everything else. */
export function parseDecimal(text: string): number {
  return /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
}
