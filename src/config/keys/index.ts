import { access } from './access.js';
import { admin } from './admin.js';
import { basics } from './basics.js';
import { clients } from './clients.js';
import { cluster } from './cluster.js';
import { type AnyKeyDefinition, namesOf, type ValueOf } from './definition.js';
import { java } from './java.js';
import { storage } from './storage.js';
import { tls, tlsChannels } from './tls.js';

/**
 * Every key of ZooKeeper 3.9.5: those of its administrator's guide and those that only its source tells. Reading,
 * checking, printing and documentation all come from this table.
 */
export const KEYS = { ...basics, ...clients, ...storage, ...cluster, ...access, ...tls, ...admin, ...java };

export type KeyName = keyof typeof KEYS;

export interface KeyGroup {
  readonly title: string;
  readonly keys: ReadonlyMap<string, AnyKeyDefinition>;
}

/** The table in the parts in which documentation shows it. */
export const KEY_GROUPS: readonly KeyGroup[] = [
  { title: 'Time, folders and ports', keys: new Map<string, AnyKeyDefinition>(Object.entries(basics)) },
  { title: 'Clients and requests', keys: new Map<string, AnyKeyDefinition>(Object.entries(clients)) },
  { title: 'Log, snapshots and purge', keys: new Map<string, AnyKeyDefinition>(Object.entries(storage)) },
  { title: 'The ensemble', keys: new Map<string, AnyKeyDefinition>(Object.entries(cluster)) },
  { title: 'Access and authentication', keys: new Map<string, AnyKeyDefinition>(Object.entries(access)) },
  { title: 'TLS', keys: new Map<string, AnyKeyDefinition>([...Object.entries(tls), ...tlsChannels]) },
  { title: 'Administration and metrics', keys: new Map<string, AnyKeyDefinition>(Object.entries(admin)) },
  { title: 'The Java server and Java clients', keys: new Map<string, AnyKeyDefinition>(Object.entries(java)) },
];

/** The value of every key, with its type. */
export type KeyValues = { readonly [K in KeyName]: ValueOf<(typeof KEYS)[K]> };

/** `KEYS` and the `ssl.*` pairs, by name. */
export const ALL_KEYS: ReadonlyMap<string, AnyKeyDefinition> = new Map(KEY_GROUPS.flatMap(({ keys }) => [...keys]));

function indexNames(kind: 'file' | 'property'): ReadonlyMap<string, string> {
  const index = new Map<string, string>();
  for (const [key, definition] of ALL_KEYS) {
    for (const name of namesOf(key, definition)) {
      if (name.kind === kind && !index.has(name.name)) index.set(name.name, key);
    }
  }
  return index;
}

/** Which key a name in zoo.cfg means. */
export const KEY_OF_FILE_NAME = indexNames('file');
/** Which key a system property means. */
export const KEY_OF_PROPERTY = indexNames('property');

export type { AnyKeyDefinition, Support, ValueName } from './definition.js';
export { namesOf } from './definition.js';
export { familyOf, KEY_FAMILIES, type KeyFamily } from './families.js';
