/** How the text of a value becomes a value, with the strictness of the Java method that reads it there. */

export type Reading<T> =
  | { readonly kind: 'value'; readonly value: T; readonly adjusted?: string }
  | { readonly kind: 'bad'; readonly reason: string };

export interface ValueType<T> {
  /** What to write, such as `a whole number from 1 to 65535`. */
  readonly expects: string;
  /** What ZooKeeper does with a text that is none of these: refuse to start, or silently take the default. */
  readonly whenBad: 'refuse' | 'default';
  read(text: string): Reading<T>;
  show(value: T): string;
}

const INT_MIN = -0x8000_0000;
const INT_MAX = 0x7fff_ffff;

export interface NumberLimits {
  readonly min?: number;
  readonly max?: number;
  /** Lower values are not refused but raised to this. */
  readonly raiseTo?: number;
}

function expectsNumber({ min = INT_MIN, max = INT_MAX }: NumberLimits): string {
  if (min === INT_MIN && max >= INT_MAX) return 'a whole number';
  if (max >= INT_MAX) return `a whole number, ${min} or more`;
  return `a whole number from ${min} to ${max}`;
}

function withinLimits(value: number, text: string, limits: NumberLimits, highest: number): Reading<number> {
  const { min = -highest - 1, max = highest, raiseTo } = limits;
  if (raiseTo !== undefined && value < raiseTo) {
    return { kind: 'value', value: raiseTo, adjusted: `${text} is too low, ${raiseTo} is used` };
  }
  if (value < min || value > max) return { kind: 'bad', reason: `${text} is out of range` };
  return { kind: 'value', value };
}

/** Decimal digits only, as `Integer.parseInt` wants them; ZooKeeper refuses anything else. */
export function int(limits: NumberLimits = {}): ValueType<number> {
  return {
    expects: expectsNumber(limits),
    whenBad: 'refuse',
    show: String,
    read(text) {
      if (!/^[+-]?[0-9]+$/.test(text)) return { kind: 'bad', reason: `"${text}" is not a whole number` };
      return withinLimits(Number(text), text, limits, INT_MAX);
    },
  };
}

export function port(lowest = 0): ValueType<number> {
  return int({ min: lowest, max: 65535 });
}

function decode(text: string): number {
  const [, sign = '', prefix = '', digits = ''] = /^([+-]?)(0[xX]|#|0(?=[0-7]))?([0-9a-fA-F]+)$/.exec(text) ?? [];
  const radix = prefix === '' ? 10 : prefix === '0' ? 8 : 16;
  const alphabet = radix === 16 ? /^[0-9a-fA-F]+$/ : radix === 8 ? /^[0-7]+$/ : /^[0-9]+$/;
  if (!alphabet.test(digits)) return Number.NaN;
  const size = Number.parseInt(digits, radix);
  return sign === '-' ? -size : size;
}

function decoded(limits: NumberLimits, highest: number): ValueType<number> {
  return {
    expects: expectsNumber(limits),
    whenBad: 'default',
    show: String,
    read(text) {
      const value = decode(text);
      if (Number.isNaN(value)) return { kind: 'bad', reason: `"${text}" is not a whole number` };
      return withinLimits(value, text, limits, highest);
    },
  };
}

/** `Integer.getInteger`: also `0x10`, `#10` and `010`; the default for anything that is no number. */
export function propertyInt(limits: NumberLimits = {}): ValueType<number> {
  return decoded(limits, INT_MAX);
}

/** `Long.getLong`; exact up to 2^53. */
export function propertyLong(limits: NumberLimits = {}): ValueType<number> {
  return decoded(limits, Number.MAX_SAFE_INTEGER);
}

/** A number with a fraction. */
export function real(limits: { readonly min?: number; readonly max?: number } = {}): ValueType<number> {
  return {
    expects: 'a number such as 0.33',
    whenBad: 'default',
    show: String,
    read(text) {
      const value = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isNaN(value)) return { kind: 'bad', reason: `"${text}" is not a number` };
      if (value < (limits.min ?? -Infinity) || value > (limits.max ?? Infinity)) {
        return { kind: 'bad', reason: `${text} is out of range` };
      }
      return { kind: 'value', value };
    },
  };
}

/** `true` or `false` in any case; ZooKeeper refuses anything else. */
export function bool(): ValueType<boolean> {
  return {
    expects: 'true or false',
    whenBad: 'refuse',
    show: String,
    read(text) {
      const lower = text.toLowerCase();
      if (lower === 'true' || lower === 'false') return { kind: 'value', value: lower === 'true' };
      return { kind: 'bad', reason: `"${text}" is neither true nor false` };
    },
  };
}

/** `Boolean.parseBoolean`: `true` in any case is true, and everything else is false. */
export function propertyBool(): ValueType<boolean> {
  return {
    expects: 'true or false',
    whenBad: 'default',
    show: String,
    read(text) {
      const lower = text.toLowerCase();
      if (lower === 'true' || lower === 'false') return { kind: 'value', value: lower === 'true' };
      return { kind: 'value', value: false, adjusted: `"${text}" is read as false` };
    },
  };
}

/**
 * A switch that only one exact word turns: `no` turns a `yes` one off, `yes` turns a `no` one on, and every other text
 * leaves it as it is.
 */
export function yesNo(unless: 'yes' | 'no'): ValueType<boolean> {
  const word = unless === 'yes' ? 'no' : 'yes';
  return {
    expects: 'yes or no',
    whenBad: 'default',
    show: (value) => (value ? 'yes' : 'no'),
    read(text) {
      if (text === word) return { kind: 'value', value: word === 'yes' };
      const value = unless === 'yes';
      return text === unless
        ? { kind: 'value', value }
        : { kind: 'value', value, adjusted: `only "${word}" changes it, so "${text}" is read as ${unless}` };
    },
  };
}

export function oneOf<const T extends string>(choices: readonly T[], ignoreCase = false): ValueType<T> {
  return {
    expects: choices.map((choice) => (choice === '' ? 'nothing' : choice)).join(', '),
    whenBad: 'refuse',
    show: String,
    read(text) {
      const wanted = ignoreCase ? text.toLowerCase() : text;
      const value = choices.find((choice) => (ignoreCase ? choice.toLowerCase() : choice) === wanted);
      if (value === undefined) return { kind: 'bad', reason: `"${text}" is none of the choices` };
      return { kind: 'value', value };
    },
  };
}

/** Any text; null when the key is absent. */
export function text(expects = 'a text'): ValueType<string | null> {
  return {
    expects,
    whenBad: 'refuse',
    show: (value) => value ?? '',
    read: (value) => ({ kind: 'value', value }),
  };
}

/** The name of a file or folder; null when the key is absent. */
export function path(): ValueType<string | null> {
  return {
    ...text('a path'),
    read: (value) => (value === '' ? { kind: 'bad', reason: 'the path is empty' } : { kind: 'value', value }),
  };
}

/** Words between commas, with or without spaces around them. */
export function list(): ValueType<readonly string[]> {
  return {
    expects: 'words separated by commas',
    whenBad: 'refuse',
    show: (value) => value.join(', '),
    read: (value) => ({
      kind: 'value',
      value: value
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    }),
  };
}

/** The same type for a key that may be absent (null). */
export function optional<T>(type: ValueType<T>): ValueType<T | null> {
  return {
    expects: type.expects,
    whenBad: type.whenBad,
    show: (value) => (value === null ? '' : type.show(value)),
    read: (value) => type.read(value),
  };
}
