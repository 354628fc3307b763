import type { Disk } from '../host/index.js';

export interface LoadRequest {
  readonly disk: Pick<Disk, 'readFile' | 'stat' | 'list'>;
  /** As it was given; relative paths are taken from `workingDir`. */
  readonly configFile: string;
  /** Absolute. */
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes errors of unknown keys and of values that ZooKeeper would silently replace. */
  readonly strict?: boolean;
}
