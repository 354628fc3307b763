/** Which names in zoo.cfg and among the system properties are keys, and what becomes of the others. */
import type { Environment, EnvironmentProperty } from './environment.js';
import type { Faults } from './fault.js';
import type { GivenValue } from './given.js';
import { familyOf, KEY_OF_FILE_NAME, KEY_OF_PROPERTY } from './keys/index.js';
import { LOG_PROPERTIES } from './log-properties.js';
import { nearestName } from './nearest.js';
import type { Origin } from './origin.js';
import { javaTrim } from './properties.js';

/** System properties that no part of this server reads, by their full names: pluggable providers may ask for them. */
export type ExtraProperties = ReadonlyMap<string, string>;

const PROPERTY_PREFIX = 'zookeeper.';
const BARE_PROPERTIES = [...KEY_OF_PROPERTY.keys()].filter((name) => !name.startsWith(PROPERTY_PREFIX));

function withoutPrefix(name: string): string {
  return name.startsWith(PROPERTY_PREFIX) ? name.slice(PROPERTY_PREFIX.length) : name;
}

/** The key that was most likely meant, `server.N` and its like included. */
function nearestKey(name: string): string | undefined {
  const [, head, number] = /^([a-z]+)\.?([0-9]+)$/i.exec(name) ?? [];
  const family = head === undefined ? undefined : nearestName(head, ['server', 'group', 'weight']);
  return family === undefined ? nearestName(name, KEY_OF_FILE_NAME.keys()) : `${family}.${number ?? ''}`;
}

class NameCheck {
  readonly extra = new Map<string, string>();

  constructor(
    private readonly strict: boolean,
    private readonly faults: Faults,
  ) {}

  /** Lines of zoo.cfg that are in neither the table nor a family. */
  checkFile(file: ReadonlyMap<string, GivenValue>): void {
    for (const [name, { origin, value }] of file) {
      if (KEY_OF_FILE_NAME.has(name)) continue;
      const family = familyOf(name);
      if (family !== undefined) {
        if (family.kind === 'missing') this.tellMissing(name, origin, family.form);
        continue;
      }
      const bare = withoutPrefix(name);
      // ZooKeeper sets this very property, which is what providers ask for.
      this.extra.set(PROPERTY_PREFIX + name, javaTrim(value));
      if (bare !== name && (KEY_OF_FILE_NAME.has(bare) || familyOf(bare) !== undefined)) {
        this.faults.warning(
          'NO_EFFECT',
          { where: origin, key: name },
          'it has no effect in zoo.cfg: ZooKeeper puts "zookeeper." in front of a key by itself.',
          `Write ${bare}.`,
        );
      } else {
        this.tellUnknown(name, origin, nearestKey(bare));
      }
    }
  }

  /** `-D` words that are in neither the table nor a family. Returns those that have nothing to do with ZooKeeper. */
  checkProperties(properties: ReadonlyMap<string, EnvironmentProperty>): EnvironmentNames {
    const strange = new Map<string, Origin>();
    for (const [name, { origin, value }] of properties) {
      if (KEY_OF_PROPERTY.has(name) || LOG_PROPERTIES.has(name)) continue;
      if (name.startsWith(PROPERTY_PREFIX)) {
        this.checkPrefixed(name, origin, value);
        continue;
      }
      this.extra.set(name, value);
      const nearest = nearestName(name, BARE_PROPERTIES);
      if (nearest === undefined) strange.set(name, origin);
      else this.tellUnknown(`-D${name}`, origin, `-D${nearest}`);
    }
    return strange;
  }

  private checkPrefixed(name: string, origin: Origin, value: string): void {
    const bare = withoutPrefix(name);
    const family = familyOf(bare);
    if (family?.property === true) {
      if (family.kind === 'missing') this.tellMissing(`-D${name}`, origin, family.form);
    } else if (family !== undefined || KEY_OF_FILE_NAME.has(bare)) {
      const place = { where: origin, key: `-D${name}` };
      this.faults.warning('NO_EFFECT', place, `ZooKeeper reads ${bare} from zoo.cfg only.`, `Write it there.`);
    } else {
      if (!this.extra.has(name)) this.extra.set(name, value);
      const nearest = nearestKey(bare);
      this.tellUnknown(`-D${name}`, origin, nearest === undefined ? undefined : `-D${PROPERTY_PREFIX}${nearest}`);
    }
  }

  private tellMissing(key: string, where: Origin, form: string): void {
    this.faults.warning('NO_EFFECT', { where, key }, `this server lacks what it asks for (${form}).`, '');
  }

  private tellUnknown(key: string, where: Origin, nearest: string | undefined): void {
    const reason = 'no ZooKeeper release knows this key.';
    const mend = nearest === undefined ? 'Take it out.' : `Did you mean ${nearest}?`;
    if (this.strict) this.faults.error('UNKNOWN_KEY', { where, key }, reason, mend);
    else this.faults.warning('UNKNOWN_KEY', { where, key }, reason, mend);
  }
}

type EnvironmentNames = ReadonlyMap<string, Origin>;

/** One line for all that is meant for the Java machine. Values of properties may be passwords, so only names are told. */
function tellJavaMachine({ jvmFlags }: Environment, strange: EnvironmentNames, faults: Faults): void {
  const words = [...jvmFlags.map(({ word }) => word), ...[...strange.keys()].map((name) => `-D${name}`)];
  const where = jvmFlags[0]?.origin ?? [...strange.values()][0];
  if (where === undefined) return;
  faults.note('NO_EFFECT', { where }, `flags of the Java machine have no effect in this server: ${words.join(' ')}`);
}

/** Tells every name that is no key, and returns what is handed on to pluggable providers. */
export function checkNames(
  file: ReadonlyMap<string, GivenValue>,
  environment: Environment,
  strict: boolean,
  faults: Faults,
): ExtraProperties {
  const check = new NameCheck(strict, faults);
  const strange = check.checkProperties(environment.properties);
  tellJavaMachine(environment, strange, faults);
  check.checkFile(file);
  return check.extra;
}
