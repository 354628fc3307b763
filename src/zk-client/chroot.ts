import { pathFault } from '../protocol/index.js';
import { ZooKeeperError } from './errors.js';

/** What the server is told for `path`. Throws `badPath`. A sequential node's name may end with a slash. */
export function serverPath(chroot: string, path: string, isSequential = false): string {
  const fault = pathFault(isSequential ? `${path}1` : path);
  if (fault !== null) throw new ZooKeeperError('badPath', fault, { path });
  if (chroot === '') return path;
  return path === '/' ? chroot : chroot + path;
}

/** What the caller calls the server's path; as it is when it lies outside (the configuration node). */
export function clientPath(chroot: string, path: string): string {
  if (chroot === '' || !path.startsWith(chroot)) return path;
  if (path.length === chroot.length) return '/';
  return path[chroot.length] === '/' ? path.slice(chroot.length) : path;
}
