import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint } from '../host/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';
import { dialable, probe } from './probe.js';
import { commandLine } from './process-facts.js';

export interface HandOverOptions {
  readonly config: string | undefined;
  readonly timeoutMs: number;
}

const LOOK_EVERY_MS = 20;
const ASK_TIMEOUT_MS = 2000;
/** SIGUSR2 would end it. */
const JAVA_SERVER = /QuorumPeerMain|ZooKeeperServerMain/;

async function modeOf(server: Endpoint): Promise<string | null> {
  const condition = await probe(server, ASK_TIMEOUT_MS);
  return condition.kind === 'serving' ? condition.mode : null;
}

/** Asks until the server serves in another role; null when it does not within the time. */
async function nextMode(server: Endpoint, timeoutMs: number): Promise<string | null> {
  const endMs = performance.now() + timeoutMs;
  while (performance.now() < endMs) {
    const mode = await modeOf(server);
    if (mode !== null && mode !== 'leader') return mode;
    await delay(LOOK_EVERY_MS);
  }
  return null;
}

/** Why the server of this pid cannot be asked; null when it can. */
function objection(pid: number | null, pidFile: string): string | null {
  if (pid === null) return `No server runs with this configuration (says ${pidFile}).`;
  if (commandLine(pid)?.some((word) => JAVA_SERVER.test(word)) === true) {
    return `Server ${pid} is Apache ZooKeeper's, which knows no hand-over; stop it, and the others elect another leader.`;
  }
  return null;
}

function signal(pid: number): string | null {
  try {
    process.kill(pid, 'SIGUSR2');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Asks the leader that runs with this configuration to let another server lead, and waits until that is done. */
export async function handOver(context: CliContext, options: HandOverOptions): Promise<number> {
  const loaded = await load(context, options.config, { writes: false });
  const { config } = loaded;
  if (config === null) return refuse(context, loaded);
  const pidFile = pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir);
  const pid = runningServer(pidFile, config.configFile);
  const { endpoint } = config.clients;
  const server = endpoint === null ? null : dialable(endpoint);
  const mode = server === null ? 'leader' : await modeOf(server);
  let why = objection(pid, pidFile);
  if (why === null && mode !== 'leader')
    why = `The server does not lead (${mode ?? 'it does not serve'}); nothing was done.`;
  if (why === null && pid !== null) why = signal(pid);
  if (why !== null) {
    context.err(why);
    return ExitCode.unexpected;
  }
  if (server === null) {
    context.out('The server was asked to hand the leadership over; its log tells how that went.');
    return ExitCode.ok;
  }
  const startMs = performance.now();
  const now = await nextMode(server, options.timeoutMs);
  if (now === null) {
    context.err(`The server still leads, or does not serve, after ${options.timeoutMs} ms; its log tells why.`);
    return ExitCode.unexpected;
  }
  context.out(`Another server leads; this one is a ${now} after ${Math.round(performance.now() - startMs)} ms.`);
  return ExitCode.ok;
}
