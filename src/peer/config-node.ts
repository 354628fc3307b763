import type { DataTree } from '../tree/index.js';
import { CONFIG_PATH, NO_NODE } from '../tree/index.js';

/** The text of `/zookeeper/config`; null when there is none. */
export function configNodeText(tree: DataTree | undefined): string | null {
  if (tree === undefined) return null;
  const ref = tree.find(CONFIG_PATH);
  if (ref === NO_NODE) return null;
  const text = tree.data(ref)?.toString('utf8') ?? '';
  return text === '' ? null : text;
}

/** The version that a configuration's text names; 0 when it names none. */
export function versionOfText(text: string): number {
  const [, digits] = /^version=([0-9a-fA-F]{1,16})$/m.exec(text) ?? [];
  return digits === undefined ? 0 : Number.parseInt(digits, 16);
}
