import { formatEndpoint, type Endpoint } from '../host/index.js';
import type { ServerConfig } from '../config/index.js';
import type { CliContext } from './context.js';
import { printElections } from './election-text.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';
import { dialable } from './probe.js';
import { report, type Report } from './status-report.js';
import { printReport } from './status-text.js';

export interface StatusOptions {
  readonly config: string | undefined;
  readonly server: string | undefined;
  readonly json: boolean;
  readonly election: boolean;
  readonly timeoutMs: number;
}

interface Target {
  readonly endpoint: Endpoint;
  /** Null when the server was named by its address. */
  readonly config: ServerConfig | null;
  /** Of this machine's process; null when none runs, or that is not known. */
  readonly pid: number | null;
}

/** `host:port`, an IPv6 host in brackets; null: it is none. */
export function parseServer(text: string): Endpoint | null {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? null : { host, port: number };
}

/** Whom to ask; an exit code when that cannot be found out. */
async function findTarget(context: CliContext, options: StatusOptions): Promise<Target | number> {
  if (options.server !== undefined) {
    const endpoint = parseServer(options.server);
    if (endpoint !== null) return { endpoint, config: null, pid: null };
    context.err(`"${options.server}" is not host:port.`);
    return ExitCode.usage;
  }
  const loaded = await load(context, options.config, { writes: false });
  const { config } = loaded;
  if (config === null) return refuse(context, loaded);
  const { endpoint } = config.clients;
  if (endpoint === null) {
    context.err(`${loaded.configFile} names no client port to ask.`);
    return ExitCode.usage;
  }
  const pid = runningServer(pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir), config.configFile);
  return { endpoint: dialable(endpoint), config, pid };
}

function whyNoElections({ condition, mode }: Report, endpoint: Endpoint): string {
  if (condition !== 'serving' && condition !== 'not serving') return 'It cannot be asked for its elections.';
  if (mode === 'standalone') return 'It is alone, so there are no elections.';
  return `${formatEndpoint(endpoint)} does not tell its elections: ask on its own machine, or name elec in its 4lw.commands.whitelist.`;
}

/** Asks a running server what it does. */
export async function status(context: CliContext, options: StatusOptions): Promise<number> {
  const target = await findTarget(context, options);
  if (typeof target === 'number') return target;
  const { endpoint, config, pid } = target;
  const { timeoutMs } = options;
  const { report: result, elections } = await report(endpoint, config, pid, timeoutMs, options.election);
  if (options.json) {
    context.out(JSON.stringify(options.election ? { ...result, election: elections } : result, null, 2));
  } else {
    printReport(context, result);
    if (options.election && elections !== null) printElections(context, elections);
  }
  if (options.election && elections === null) {
    context.err(whyNoElections(result, endpoint));
    if (result.mode !== 'standalone') return ExitCode.unexpected;
  }
  return result.healthy ? ExitCode.ok : ExitCode.unexpected;
}
