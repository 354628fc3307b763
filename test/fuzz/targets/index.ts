import type { Target } from '../target.js';
import { adminHttp } from './admin-http.js';
import { clientFrames } from './client-frames.js';
import { election } from './election.js';
import { PLANTED } from './planted.js';
import { quorumPackets } from './quorum-packets.js';
import { epochFiles, logFile, snapshotFile } from './storage.js';
import { dynamicConfig, jaas, zooCfg } from './texts.js';

/** Everything that reads bytes from outside. */
export const TARGETS: readonly Target[] = [
  ...[clientFrames, quorumPackets, election],
  ...[logFile, snapshotFile, epochFiles],
  ...[zooCfg, dynamicConfig, jaas, adminHttp],
];

export function targetNamed(name: string): Target {
  const found = [...TARGETS, ...PLANTED].find((target) => target.name === name);
  if (found === undefined) {
    throw new Error(`no target is called ${name}; there are ${TARGETS.map((target) => target.name).join(', ')}`);
  }
  return found;
}
