// What the kernel says of the sockets between servers: keep-alive as `tcpKeepAlive` says, ports on all addresses of the machine
// with `quorumListenOnAllIPs`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';

const run = promisify(execFile);
const LIMIT_MS = 30_000;

interface Ports {
  readonly quorum: number;
  readonly election: number;
}

/** Of each server, by its id less one. */
async function portsOf(ensemble: Ensemble): Promise<Ports[]> {
  const lines = [...(await ensemble.member(1).config()).matchAll(/^server\.\d+=[^:]+:(\d+):(\d+)/gm)];
  return lines.map(([, quorum, election]) => ({ quorum: Number(quorum), election: Number(election) }));
}

/** Starts three servers, and ends them after `look`. */
async function withServers(
  config: Readonly<Record<string, string>>,
  look: (ensemble: Ensemble, ports: readonly Ports[]) => Promise<void>,
): Promise<void> {
  const ensemble = await Ensemble.create({ config });
  try {
    await ensemble.start();
    await look(ensemble, await portsOf(ensemble));
  } finally {
    await ensemble.remove();
  }
}

/** Lines of `ss` on the connections of these ports, at the one end or the other, with their timers. */
async function ends(which: 'sport' | 'dport', ports: readonly number[]): Promise<string[]> {
  const filter = ports.map((port) => `${which} = :${port}`).join(' or ');
  const { stdout } = await run('ss', ['-tnoH', 'state', 'established', `( ${filter} )`]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** The addresses on which somebody listens at this port. */
async function listening(port: number): Promise<string[]> {
  const { stdout } = await run('ss', ['-tlnH', `( sport = :${port} )`]);
  return [...stdout.matchAll(/(\S+):\d+\s+\S+:\*/g)].map(([, host = '']) => host);
}

describe('connections between election ports', { timeout: 120_000 }, () => {
  for (const isOn of [true, false]) {
    it(`are kept alive by TCP at both ends exactly when tcpKeepAlive says so: ${isOn}`, async () => {
      await withServers({ tcpKeepAlive: String(isOn) }, async (_ensemble, ports) => {
        const elections = ports.map(({ election }) => election);
        for (const which of ['sport', 'dport'] as const) {
          // What is just being sent has another timer for a moment.
          await eventually(`three connections as they should be (${which})`, LIMIT_MS, async () => {
            const lines = await ends(which, elections);
            return lines.length === 3 && lines.every((line) => line.includes('timer:(keepalive,') === isOn);
          });
        }
      });
    });
  }
});

describe('the ports of servers', { timeout: 120_000 }, () => {
  for (const [isOn, expected] of [
    [true, '*'],
    [false, '127.0.0.1'],
  ] as const) {
    it(`are open on ${expected} when quorumListenOnAllIPs is ${isOn}`, async () => {
      await withServers({ quorumListenOnAllIPs: String(isOn) }, async (ensemble, ports) => {
        for (const { election } of ports) assert.deepEqual(await listening(election), [expected]);
        const leader = await ensemble.leader();
        const at = await Promise.all(ports.map(({ quorum }) => listening(quorum)));
        // Only the leader awaits others there.
        assert.deepEqual(
          at,
          ports.map((_, i) => (i === leader.sid - 1 ? [expected] : [])),
        );
      });
    });
  }
});
