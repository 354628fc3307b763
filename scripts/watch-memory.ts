// How much memory a server needs for watches: a server of its own, then watches of one kind after the other, 50,000 paths a
// client. Arguments: how many watches (1000000).
import { readFileSync } from 'node:fs';
import { OpCode, writePathNumberRequest, writePathWatchRequest } from '../src/protocol/index.js';
import { Ensemble } from '../test/support/ensemble.js';
import { fourLetter } from '../test/support/four-letter.js';
import { WireClient } from '../test/support/wire-client.js';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const A_CLIENT = 50_000;
const AT_ONCE = 1000;
const MEBIBYTE_IN_KIBIBYTES = 1024;
const PERSISTENT = 0;

const KINDS: Readonly<Record<string, (client: WireClient, path: string) => Promise<unknown>>> = {
  'one-shot': (client, path) => client.requestAny(OpCode.exists, (w) => writePathWatchRequest(w, path, true)),
  persistent: (client, path) => client.requestAny(OpCode.addWatch, (w) => writePathNumberRequest(w, path, PERSISTENT)),
};

/** Resident memory of a process, in MiB. */
function residentMib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(line) / MEBIBYTE_IN_KIBIBYTES;
}

for (const [kind, watch] of Object.entries(KINDS)) {
  const ensemble = await Ensemble.create({ servers: 1, config: { maxSessionTimeout: 600_000 } });
  try {
    await ensemble.start();
    const server = ensemble.member(1);
    const pid = server.process?.pid ?? 0;
    const clients: WireClient[] = [];
    const before = residentMib(pid);
    for (let at = 0; at < COUNT; at += AT_ONCE) {
      if (at % A_CLIENT === 0) clients.push(await WireClient.connect(server.clientPort, { timeoutMs: 600_000 }));
      const client = clients.at(-1);
      if (client === undefined) throw new Error('no client');
      const paths = Array.from({ length: AT_ONCE }, (_, i) => `/services/group-${at / AT_ONCE}/member-${i}`);
      await Promise.all(paths.map((path) => watch(client, path)));
      client.frames.length = 0;
    }
    const said = await fourLetter(server.clientPort, 'wchs');
    if (!said.includes(`Total watches:${COUNT}\n`)) throw new Error(said);
    const grown = residentMib(pid) - before;
    const each = (grown * MEBIBYTE_IN_KIBIBYTES * 1024) / COUNT;
    console.log(
      `${COUNT} ${kind} watches: ${grown.toFixed(0)} MiB more than ${before.toFixed(0)}, ${each.toFixed(0)} bytes each`,
    );
  } finally {
    await ensemble.remove();
  }
}
