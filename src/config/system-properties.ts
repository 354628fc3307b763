import type { Environment } from './environment.js';
import type { GivenValue } from './given.js';
import { ALL_KEYS } from './keys/index.js';
import { javaTrim } from './properties.js';

/** System properties by their full names. */
export type SystemProperties = ReadonlyMap<string, string>;

/** ZooKeeper takes these from zoo.cfg itself, though they have a property, too. */
const KEPT = /^(multiAddress|metricsProvider)\./;

/**
 * What ZooKeeper would have as system properties besides those of its machine: the `-D` words, and `zookeeper.<key>` for
 * every line of zoo.cfg that its QuorumPeerConfig does not take itself. A line overrules a word.
 */
export function systemProperties(file: ReadonlyMap<string, GivenValue>, { properties }: Environment): SystemProperties {
  const all = new Map<string, string>();
  for (const [name, { value }] of properties) all.set(name, value);
  for (const [key, { value }] of file) {
    if (ALL_KEYS.get(key)?.source !== 'file' && !KEPT.test(key)) all.set(`zookeeper.${key}`, javaTrim(value));
  }
  return all;
}
