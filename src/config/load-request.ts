import type { Disk } from '../host/index.js';

export interface LoadRequest {
  readonly disk: Pick<Disk, 'readFile' | 'stat' | 'list'>;
  /** As it was given; relative paths are taken from `workingDir`. */
  readonly configFile: string;
  /** Absolute. */
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Makes an error of a key that no ZooKeeper release knows. */
  readonly strict?: boolean;
  /** Who this server is, instead of what the file myid says. */
  readonly myId?: number;
}
