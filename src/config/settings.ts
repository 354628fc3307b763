import type { EnvironmentProperty } from './environment.js';
import type { Faults } from './fault.js';
import {
  ALL_KEYS,
  type AnyKeyDefinition,
  familyOf,
  KEY_OF_FILE_NAME,
  KEY_OF_PROPERTY,
  KEYS,
  type KeyValues,
  namesOf,
  type ValueName,
} from './keys/index.js';
import { nearestName } from './nearest.js';
import { DEFAULT_ORIGIN, formatOrigin, type Origin } from './origin.js';
import { javaTrim } from './properties.js';

/** A text from a file or from the environment. */
export interface GivenValue {
  readonly value: string;
  readonly origin: Origin;
}

export interface GivenValues {
  /** The lines of zoo.cfg, last of each key. */
  readonly file: ReadonlyMap<string, GivenValue>;
  /** System properties by their full names. */
  readonly properties: ReadonlyMap<string, EnvironmentProperty>;
}

/** A key with the value it ended up with. */
export interface Setting {
  readonly key: string;
  readonly definition: AnyKeyDefinition;
  readonly value: unknown;
  /** The value as text; empty when there is none. */
  readonly text: string;
  readonly origin: Origin;
  /** Where a text for it stands, also one that could not be used; null when nobody gave any. */
  readonly given: Origin | null;
}

interface Candidate extends GivenValue {
  readonly name: ValueName;
}

function shown(name: ValueName): string {
  return name.kind === 'property' ? `-D${name.name}` : name.name;
}

function candidatesOf(key: string, definition: AnyKeyDefinition, given: GivenValues): Candidate[] {
  return namesOf(key, definition).flatMap((name) => {
    const found = (name.kind === 'file' ? given.file : given.properties).get(name.name);
    return found === undefined ? [] : [{ ...found, value: javaTrim(found.value), name }];
  });
}

class SettingsReader {
  constructor(
    private readonly given: GivenValues,
    private readonly faults: Faults,
  ) {}

  read(key: string, definition: AnyKeyDefinition): Setting {
    const [first, ...others] = candidatesOf(key, definition, this.given);
    if (first === undefined) return this.byDefault(key, definition);
    for (const other of others) this.tellOverridden(key, first, other);
    this.tellOddName(key, definition, first);
    const setting = this.parse(key, definition, first);
    this.tellSupport(setting);
    return setting;
  }

  private byDefault(key: string, definition: AnyKeyDefinition): Setting {
    const value = definition.default;
    return { key, definition, value, text: definition.type.show(value), origin: DEFAULT_ORIGIN, given: null };
  }

  private parse(key: string, definition: AnyKeyDefinition, { value: text, origin, name }: Candidate): Setting {
    const { type } = definition;
    const place = { where: origin, key: shown(name) };
    const reading = type.read(text);
    if (reading.kind === 'value') {
      if (reading.adjusted !== undefined) {
        this.faults.warning('ADJUSTED_VALUE', place, `${reading.adjusted}.`, `Write ${type.expects}.`);
      }
      return { key, definition, value: reading.value, text: type.show(reading.value), origin, given: origin };
    }
    const mend = `Write ${type.expects}${definition.unit === undefined ? '' : ` (${definition.unit})`}.`;
    const fallback: Setting = { ...this.byDefault(key, definition), given: origin };
    if (type.whenBad === 'refuse') this.faults.error('BAD_VALUE', place, `${reading.reason}.`, mend);
    else
      this.faults.warning('BAD_VALUE', place, `${reading.reason}; ${fallback.text} is used, as ZooKeeper does.`, mend);
    return fallback;
  }

  private tellOverridden(key: string, used: Candidate, other: Candidate): void {
    if (used.value === other.value) return;
    this.faults.warning(
      'OVERRIDDEN',
      { where: other.origin, key: shown(other.name) },
      `it does not count, because ${shown(used.name)} in ${formatOrigin(used.origin)} sets ${key}, too.`,
      'Keep one of them.',
    );
  }

  private tellOddName(key: string, definition: AnyKeyDefinition, { name, origin }: Candidate): void {
    if (name.kind !== 'file') return;
    if (definition.source === 'bare property') {
      this.faults.note(
        'ADVICE',
        { where: origin, key: name.name },
        `it counts here, but Apache ZooKeeper takes it from -D${key} only.`,
      );
    } else if (name.name === definition.guideName) {
      this.faults.note(
        'ADVICE',
        { where: origin, key: name.name },
        `it counts here, but Apache ZooKeeper reads ${key} instead.`,
      );
    }
  }

  private tellSupport({ key, definition, text, origin }: Setting): void {
    const support = definition.support ?? 'full';
    if (support === 'full' || text === definition.type.show(definition.default)) return;
    const place = { where: origin, key };
    const effect = definition.effect.replace(/\.$/, '');
    if (support === 'moot') {
      this.faults.note('NO_EFFECT', place, `it has no effect in this server (${effect}).`);
    } else if (support === 'missing') {
      this.faults.warning('NO_EFFECT', place, `this server lacks what it asks for (${effect}).`, '');
    } else {
      this.faults.error(
        'NO_EFFECT',
        place,
        `this server cannot do it (${effect}) and does not start less guarded than it is told to be.`,
        'Take the line out to start without that protection.',
      );
    }
  }
}

/** Is `strictConfig=true` in the file? Asked before anything else is read. */
export function asksForStrictness(file: ReadonlyMap<string, GivenValue>): boolean {
  const line = file.get('strictConfig');
  const reading = line === undefined ? undefined : KEYS.strictConfig.type.read(javaTrim(line.value));
  return reading?.kind === 'value' && reading.value;
}

export interface ReadSettings {
  readonly settings: readonly Setting[];
  readonly values: KeyValues;
}

/** Reads every key of the table; what cannot be used becomes a fault and the default. */
export function readSettings(given: GivenValues, faults: Faults): ReadSettings {
  const reader = new SettingsReader(given, faults);
  const settings = [...ALL_KEYS].map(([key, definition]) => reader.read(key, definition));
  // The table pairs each name with the type that reads it.
  const values = Object.fromEntries(settings.map(({ key, value }) => [key, value])) as unknown as KeyValues;
  return { settings, values: Object.freeze(values) };
}

/** The key that was most likely meant, `server.N` and its like included. */
function nearestKey(name: string): string | undefined {
  const [, head, number] = /^([a-z]+)\.?([0-9]+)$/i.exec(name) ?? [];
  const family = head === undefined ? undefined : nearestName(head, ['server', 'group', 'weight']);
  return family === undefined ? nearestName(name, KEY_OF_FILE_NAME.keys()) : `${family}.${number ?? ''}`;
}

function unknownKey(faults: Faults, strict: boolean, origin: Origin, name: string, nearest: string | undefined): void {
  const place = { where: origin, key: name };
  const reason = 'no ZooKeeper release knows this key.';
  const mend = nearest === undefined ? 'Take it out.' : `Did you mean ${nearest}?`;
  if (strict) faults.error('UNKNOWN_KEY', place, reason, mend);
  else faults.warning('UNKNOWN_KEY', place, reason, mend);
}

const PROPERTY_PREFIX = 'zookeeper.';

function withoutPrefix(name: string): string {
  return name.startsWith(PROPERTY_PREFIX) ? name.slice(PROPERTY_PREFIX.length) : name;
}

/** Lines of zoo.cfg that are in neither the table nor a family. */
export function checkFileNames(file: ReadonlyMap<string, GivenValue>, strict: boolean, faults: Faults): void {
  for (const [name, { origin }] of file) {
    if (KEY_OF_FILE_NAME.has(name)) continue;
    const family = familyOf(name);
    if (family !== undefined) {
      if (family.kind === 'missing') {
        faults.warning(
          'NO_EFFECT',
          { where: origin, key: name },
          `this server lacks what it asks for (${family.form}).`,
          '',
        );
      }
      continue;
    }
    const bare = withoutPrefix(name);
    if (bare !== name && (KEY_OF_FILE_NAME.has(bare) || familyOf(bare) !== undefined)) {
      faults.warning(
        'NO_EFFECT',
        { where: origin, key: name },
        'it has no effect in zoo.cfg: ZooKeeper puts "zookeeper." in front of a key by itself.',
        `Write ${bare}.`,
      );
      continue;
    }
    unknownKey(faults, strict, origin, name, nearestKey(bare));
  }
}

/** `-D` words that are in neither the table nor a family; those of the Java machine are left out. */
export function checkPropertyNames(
  properties: ReadonlyMap<string, EnvironmentProperty>,
  strict: boolean,
  faults: Faults,
): void {
  for (const [name, { origin }] of properties) {
    if (KEY_OF_PROPERTY.has(name) || !name.startsWith(PROPERTY_PREFIX)) continue;
    const bare = withoutPrefix(name);
    const place = { where: origin, key: `-D${name}` };
    const family = familyOf(bare);
    if (family?.property === true) {
      faults.warning('NO_EFFECT', place, `this server lacks what it asks for (${family.form}).`, '');
    } else if (family !== undefined || KEY_OF_FILE_NAME.has(bare)) {
      faults.warning('NO_EFFECT', place, `ZooKeeper reads ${bare} from zoo.cfg only.`, `Write it there.`);
    } else {
      const nearest = nearestKey(bare);
      unknownKey(
        faults,
        strict,
        origin,
        `-D${name}`,
        nearest === undefined ? undefined : `-D${PROPERTY_PREFIX}${nearest}`,
      );
    }
  }
}
