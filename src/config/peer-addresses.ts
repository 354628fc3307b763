import { type Endpoint, formatEndpoint } from '../host/index.js';
import type { ValueType } from './value-types.js';

const ENTRY = /^(\d{1,10})=(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

/** `1=zk1.example.com:8080,2=[::1]:8081`: an endpoint by server id. */
export function adminAddresses(): ValueType<ReadonlyMap<number, Endpoint>> {
  return {
    expects: 'server ids and addresses, such as 1=zk1.example.com:8080,2=[::1]:8081',
    whenBad: 'refuse',
    show: (value) => Array.from(value, ([sid, endpoint]) => `${sid}=${formatEndpoint(endpoint)}`).join(','),
    read(text) {
      const addresses = new Map<number, Endpoint>();
      for (const entry of text.split(',').map((part) => part.trim())) {
        if (entry === '') continue;
        const [, sid, literal, name, port] = ENTRY.exec(entry) ?? [];
        if (sid === undefined || !(Number(port) >= 1 && Number(port) <= 65_535)) {
          return { kind: 'bad', reason: `"${entry}" is not of the form 1=host:port` };
        }
        if (addresses.has(Number(sid))) return { kind: 'bad', reason: `server ${sid} is named twice` };
        addresses.set(Number(sid), { host: literal ?? name ?? '', port: Number(port) });
      }
      return { kind: 'value', value: addresses };
    },
  };
}
