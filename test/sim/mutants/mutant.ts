/**
 * A deliberate fault of the protocol, brought in by replacing a method of a production class for one run. Nothing of it is
 * in `src`.
 */
export interface Mutant {
  readonly name: string;
  /** The rule of ours that it switches off, and the bug of ZooKeeper's that the rule prevents, where there was one. */
  readonly switchesOff: string;
  /** Returns how to take it out again. */
  readonly install: () => () => void;
}

export type Method = (this: object, ...args: unknown[]) => unknown;

/** A mutant that replaces one method; `make` gets the original. */
export function mutant(
  name: string,
  switchesOff: string,
  prototype: object,
  method: string,
  make: (original: Method) => Method,
): Mutant {
  return { name, switchesOff, install: () => replace(prototype, method, make) };
}

/** A mutant of several methods. */
export function together(name: string, switchesOff: string, ...parts: readonly (() => () => void)[]): Mutant {
  return {
    name,
    switchesOff,
    install: () => {
      const undo = parts.map((part) => part());
      return () => {
        for (const one of undo.reverse()) one();
      };
    },
  };
}

/** One method of several. */
export function part(prototype: object, method: string, make: (original: Method) => Method): () => () => void {
  return () => replace(prototype, method, make);
}

/** Calls a method that the language hides. */
export function call(self: object, method: string, ...args: unknown[]): unknown {
  return Reflect.apply(field(self, method) as Method, self, args);
}

export function replace(prototype: object, method: string, make: (original: Method) => Method): () => void {
  const found = Object.getOwnPropertyDescriptor(prototype, method);
  if (found === undefined) throw new Error(`there is no ${method} to replace any more`);
  const original = (found.value ?? Reflect.get(found, 'get')) as Method;
  const changed = make(original);
  Object.defineProperty(
    prototype,
    method,
    found.get === undefined ? { ...found, value: changed } : { ...found, get: changed },
  );
  return () => {
    Object.defineProperty(prototype, method, found);
  };
}

/** Calls `original` while a field of `self` has another value. */
export function withField(self: object, field: string, value: unknown, call: () => unknown): unknown {
  const before: unknown = Reflect.get(self, field);
  Reflect.set(self, field, value);
  try {
    return call();
  } finally {
    Reflect.set(self, field, before);
  }
}

export function field(self: object, name: string): unknown {
  return Reflect.get(self, name);
}

/** The same object, with some properties overridden. */
export function overlay(object: object, changes: Readonly<Record<string, () => unknown>>): object {
  const descriptors = Object.entries(changes).map(([name, get]) => [name, { get }] as const);
  return Object.create(object, Object.fromEntries(descriptors)) as object;
}
