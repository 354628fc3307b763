import { isIPv4 } from 'node:net';
import type { Endpoint } from '../host/index.js';

/** Bytes queued in a socket before `write` returns false. */
export const HIGH_WATER_BYTES = 64 * 1024;

/** One end of a connection. An IPv4 address that came in through a listener of both families looks like what it is. */
export function endpointOf(address: string | undefined, port: number | undefined): Endpoint {
  return { host: address === undefined ? '' : plainAddress(address), port: port ?? 0 };
}

function plainAddress(address: string): string {
  if (!address.startsWith('::ffff:')) return address;
  const tail = address.slice(address.lastIndexOf(':') + 1);
  return isIPv4(tail) ? tail : address;
}
