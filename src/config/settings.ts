import type { EnvironmentProperty } from './environment.js';
import type { Faults } from './fault.js';
import type { GivenValue } from './given.js';
import { ALL_KEYS, type AnyKeyDefinition, KEYS, type KeyValues, namesOf, type ValueName } from './keys/index.js';
import { DEFAULT_ORIGIN, formatOrigin, type Origin } from './origin.js';
import { javaTrim } from './properties.js';

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
    const isQuoted = /^(["']).*\1$/.test(text);
    if (reading.kind === 'value') {
      if (isQuoted && name.kind === 'file') {
        this.faults.warning('ADVICE', place, `the quotes belong to the value ${text}.`, 'Take them off.');
      }
      if (reading.adjusted !== undefined) {
        this.faults.warning('ADJUSTED_VALUE', place, `${reading.adjusted}.`, `Write ${type.expects}.`);
      }
      return { key, definition, value: reading.value, text: type.show(reading.value), origin, given: origin };
    }
    const unit = definition.unit === undefined ? '' : ` (${definition.unit})`;
    const mend = `Write ${type.expects}${unit}${isQuoted ? ', without quotes' : ''}.`;
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
