import { javaDouble } from '../status/index.js';

/** A number that Java holds as a double, and so prints with a fraction. */
export class Double {
  constructor(readonly value: number) {}
}

export type Json = null | boolean | number | bigint | string | Double | readonly Json[] | Fields;

/** The fields of an object in their order. Keys may be numbers of 64 bits, too. */
export type Fields = ReadonlyMap<string | number | bigint, Json>;

export function fields(object: Readonly<Record<string, Json>>): Fields {
  return new Map(Object.entries(object));
}

/**
 * JSON as ZooKeeper's admin server lays it out, with 64-bit numbers as they are. Scripts look for lines in it, so spaces and
 * line breaks are those of Jackson's pretty printer.
 */
export function printJson(value: Json, indent = ''): string {
  if (value instanceof Double) return Number.isFinite(value.value) ? javaDouble(value.value) : `"${value.value}"`;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Map) return printFields(value as Fields, indent);
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => printJson(item, indent));
    return items.length === 0 ? '[ ]' : `[ ${items.join(', ')} ]`;
  }
  return JSON.stringify(value);
}

function printFields(value: Fields, indent: string): string {
  const inner = `${indent}  `;
  const lines = Array.from(
    value,
    ([key, field]) => `${inner}${JSON.stringify(String(key))} : ${printJson(field, inner)}`,
  );
  return lines.length === 0 ? '{ }' : `{\n${lines.join(',\n')}\n${indent}}`;
}
