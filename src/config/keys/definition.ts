import type { ValueType } from '../value-types.js';

export type Unit =
  'ms' | 's' | 'min' | 'h' | 'ticks' | 'bytes' | 'KiB' | 'MiB' | 'transactions' | 'requests' | 'connections';

/** What a key does in this server. */
export type Support =
  /** What it does in ZooKeeper. */
  | 'full'
  /** Nothing: it tunes a part of ZooKeeper (threads, Java classes) that this server has no counterpart of. */
  | 'moot'
  /** Nothing: it belongs to a feature that this server has not. */
  | 'missing'
  /** It guards the data and this server cannot honour it: any value but the default keeps the server from starting. */
  | 'guard';

/** How ZooKeeper gets at a key's value. */
export type KeySource =
  /** Only from zoo.cfg. */
  | 'file'
  /** The system property `zookeeper.<key>`, which a line `<key>=` of zoo.cfg sets (and so wins over `-D`). */
  | 'property'
  /**
   * A system property of exactly this name. ZooKeeper takes it from `-D` only; here a line of zoo.cfg is heard, too, when
   * there is no `-D`.
   */
  | 'bare property'
  /** This server's own. */
  | 'own';

/** A name under which a value may be given. */
export interface ValueName {
  readonly kind: 'file' | 'property';
  readonly name: string;
}

export interface KeyNotes {
  /** What it does, in one sentence. */
  readonly effect: string;
  readonly unit?: Unit;
  /** First release of Apache ZooKeeper that has it, where its guide tells. */
  readonly since?: string;
  /** `full` when absent. */
  readonly support?: Support;
  /** The administrator's guide lists it under this name, which ZooKeeper itself does not read from zoo.cfg. */
  readonly guideName?: string;
  /** System properties that are asked when the key's own is absent. */
  readonly otherProperties?: readonly string[];
  /** How the default reads where it is no plain value. */
  readonly defaultText?: string;
  /** Not to be printed. */
  readonly secret?: boolean;
  /** Where the order of sources is not the usual one. */
  readonly names?: readonly ValueName[];
}

export interface KeyDefinition<T> extends KeyNotes {
  readonly source: KeySource;
  readonly type: ValueType<T>;
  readonly default: T;
}

export type AnyKeyDefinition = KeyDefinition<unknown>;

/** The type of a key's value. */
export type ValueOf<D> = D extends KeyDefinition<infer T> ? T : never;

export function fileKey<T>(type: ValueType<T>, defaultValue: NoInfer<T>, notes: KeyNotes): KeyDefinition<T> {
  return { ...notes, source: 'file', type, default: defaultValue };
}

export function propertyKey<T>(type: ValueType<T>, defaultValue: NoInfer<T>, notes: KeyNotes): KeyDefinition<T> {
  return { ...notes, source: 'property', type, default: defaultValue };
}

export function bareKey<T>(type: ValueType<T>, defaultValue: NoInfer<T>, notes: KeyNotes): KeyDefinition<T> {
  return { ...notes, source: 'bare property', type, default: defaultValue };
}

export function ownKey<T>(type: ValueType<T>, defaultValue: NoInfer<T>, notes: KeyNotes): KeyDefinition<T> {
  return { ...notes, source: 'own', type, default: defaultValue };
}

/** The names under which a key's value is looked for, the one that counts most first. */
export function namesOf(key: string, definition: AnyKeyDefinition): readonly ValueName[] {
  if (definition.names !== undefined) return definition.names;
  const file: ValueName = { kind: 'file', name: key };
  const guide: ValueName[] = definition.guideName === undefined ? [] : [{ kind: 'file', name: definition.guideName }];
  const others = (definition.otherProperties ?? []).map((name): ValueName => ({ kind: 'property', name }));
  switch (definition.source) {
    case 'file':
    case 'own':
      return [file];
    case 'property':
      return [file, { kind: 'property', name: `zookeeper.${key}` }, ...others, ...guide];
    case 'bare property':
      return [{ kind: 'property', name: key }, ...others, file, ...guide];
  }
}
