import type { CliContext } from './context.js';
import type { ReadyCheck } from './readiness.js';
import type { PeerReport, Report } from './status-report.js';

function describePeer({ sid, role, address, mode }: PeerReport): string {
  const place = address === null ? 'its client port is not in the server list' : address;
  const kind = role === 'observer' && mode !== 'observer' ? ' (observer)' : '';
  return `  peer ${sid}       ${mode ?? (address === null ? 'unknown' : 'no answer')}${kind}, ${place}`;
}

function describeLeader({ mode, leader }: Report): string {
  if (mode === 'leader') return 'this server';
  return leader === null ? 'unknown: no peer that could be asked leads' : `server ${leader}`;
}

function describeLooking({ heard, lookingMs, peerState, sid }: Report): string {
  if (lookingMs === null) return peerState === null ? '' : ` (${peerState})`;
  const others = (heard ?? []).filter((voter) => voter !== sid);
  const from = others.length === 0 ? 'no other server was heard' : `heard of ${others.join(', ')}`;
  return `: it has looked for a leader for ${Math.floor(lookingMs / 1000)} s, ${from}`;
}

function headline(result: Report): string {
  const { address, condition, healthy, mode, pid, sid, why } = result;
  const name = sid === null ? 'The server' : `Server ${sid}`;
  const process = pid === null ? '' : ` (pid ${pid})`;
  switch (condition) {
    case 'serving':
      return `${name} at ${address}: ${mode ?? ''}${healthy ? '' : ', not healthy'}.`;
    case 'not serving':
      return `${name} at ${address} runs${process} but does not serve${describeLooking(result)}.`;
    case 'starting':
      return `${name} runs${process} but does not listen on ${address}: it starts or stops, or its port has changed.`;
    case 'not running':
      return `${name} does not run: nothing listens on ${address}, and its pid file names no server.`;
    case 'nothing listens':
      return `${name} does not answer: nothing listens on ${address}.`;
    case 'no answer':
      return `${name} at ${address}${process} does not answer: ${why ?? 'silence'}.`;
    case 'strange':
      return `What listens on ${address} does not answer as a ZooKeeper server.`;
  }
}

/** Only what fails is worth a line each. */
function describeChecks(checks: readonly ReadyCheck[], line: (label: string, value: string) => void): void {
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) line('ready', `yes, ${checks.length} checks passed`);
  for (const { name, detail } of failed) line('not ready', `${name}: ${detail}`);
}

/** A report for people. */
export function printReport(context: CliContext, result: Report): void {
  context.out(headline(result));
  const line = (label: string, value: string | number | null): void => {
    if (value !== null) context.out(`  ${label.padEnd(12)}${value}`);
  };
  line('version', result.version);
  if (result.sid !== null && result.mode !== null) line('leader', describeLeader(result));
  line('epoch', result.epoch);
  line('zxid', result.zxid);
  line('znodes', result.znodes);
  line('connections', result.connections);
  line('outstanding', result.outstanding);
  const { followers } = result;
  if (followers !== null) line('in sync', `${followers.synced} of ${followers.connected} learners`);
  if (result.checks !== null) describeChecks(result.checks, line);
  else if (result.condition === 'serving' && result.checksProblem !== null) {
    line('ready', `unknown: ${result.checksProblem}`);
  }
  if (result.condition === 'serving') line('pid', result.pid);
  if (result.dialsPlain === true) line('WARNING', 'other servers may be dialled without TLS (sslQuorumPlainDials)');
  for (const peer of result.peers) context.out(describePeer(peer));
}
