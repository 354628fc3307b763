import type { Endpoint } from '../host/index.js';
import { pathFault } from '../protocol/index.js';
import { ZooKeeperError } from './errors.js';

const DEFAULT_PORT = 2181;
const LARGEST_PORT = 65_535;

export interface ConnectString {
  readonly servers: readonly Endpoint[];
  /** Stands before every path; empty when there is none. */
  readonly chroot: string;
}

/**
 * Reads `host:port,[::1]:port,host/chroot`: port 2181 when absent, blanks around names and empty names are left out.
 * Throws a `ZooKeeperError` with the code `badConnectString`.
 */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 || slash === text.length - 1 ? '' : text.slice(slash);
  const fault = chroot === '' ? null : pathFault(chroot);
  if (fault !== null) throw badString(text, `its chroot: ${fault}`);
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw badString(text, 'it names no server');
  return { servers: names.map((name) => endpointOf(name, text)), chroot };
}

function endpointOf(name: string, text: string): Endpoint {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(name);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: portOf(bracketed[2] ?? '', name, text) };
  const colon = name.lastIndexOf(':');
  if (colon < 0) return { host: name, port: DEFAULT_PORT };
  const host = name.slice(0, colon);
  if (host === '') throw badString(text, `${name} has no host`);
  return { host, port: portOf(name.slice(colon + 1), name, text) };
}

function portOf(word: string, name: string, text: string): number {
  if (word === '') return DEFAULT_PORT;
  const port = /^\d+$/.test(word) ? Number(word) : NaN;
  if (port > 0 && port <= LARGEST_PORT) return port;
  throw badString(text, `${name} needs a port from 1 to ${LARGEST_PORT}`);
}

function badString(text: string, why: string): ZooKeeperError {
  return new ZooKeeperError('badConnectString', `the connect string "${text}" cannot be used: ${why}`);
}
