import type { ReloadReport } from '../admin/index.js';
import { formatFault, type ServerConfig, type Setting } from '../config/index.js';
import type { LogLevel, Logger } from '../host/index.js';
import type { CliContext } from './context.js';
import { load, type LoadedConfig } from './load-config.js';
import { loggerOptions } from './logger-options.js';

/** Keys that are taken while the server runs. */
const TAKEN: ReadonlySet<string> = new Set([
  'maxClientCnxns',
  'maxCnxns',
  'globalOutstandingLimit',
  '4lw.commands.whitelist',
]);
/** Keys that only choose the level of the log. */
const OF_THE_LOG: ReadonlySet<string> = new Set(['root.logger', 'console.threshold']);

/** What takes a new configuration. */
export interface ReloadTarget {
  /** See `Server.prepareReload`. */
  prepareReload(next: ServerConfig): Promise<() => void>;
}

export interface ReloaderDeps {
  readonly context: CliContext;
  /** What was given on the command line. */
  readonly options: {
    readonly config: string | undefined;
    readonly logLevel: LogLevel | undefined;
    readonly logFormat: 'json' | 'text' | undefined;
  };
  readonly log: Logger;
  readonly setLogLevel: (level: LogLevel) => void;
  readonly target: ReloadTarget;
}

/** A configuration that cannot be taken; nothing has changed. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
}

/**
 * Reads the configuration again and takes what a running server can take: all of it, or, when anything is broken, nothing. It
 * tells what else differs from what the server was started with.
 */
export class Reloader {
  private readonly started: LoadedConfig;
  private current: LoadedConfig;
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly deps: ReloaderDeps,
    started: LoadedConfig,
  ) {
    this.started = started;
    this.current = started;
  }

  /** One after the other. Rejects with a `ReloadError`. */
  reload(): Promise<ReloadReport> {
    const turn = this.running.then(() => this.take());
    this.running = turn.catch(() => undefined);
    return turn;
  }

  /** For a signal: the log tells how it went. */
  readonly onHangup = (): void => {
    this.reload().catch(() => undefined);
  };

  private async take(): Promise<ReloadReport> {
    const { log } = this.deps;
    try {
      const report = await this.tryToTake();
      const { changed, needsRestart } = report;
      log.info(
        `The configuration was read again. ${changed.length === 0 ? 'Nothing new.' : `In force now: ${changed.join(', ')}.`}`,
        {
          code: 'RELOADED',
          changed,
        },
      );
      if (needsRestart.length > 0) {
        log.warn(`These settings count only after a restart: ${needsRestart.join(', ')}.`, {
          code: 'RELOAD_NEEDS_RESTART',
          needsRestart,
        });
      }
      return report;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error(`The configuration was read again and cannot be used, so nothing has changed: ${why}`, {
        code: 'RELOAD_FAILED',
      });
      throw new ReloadError(why, { cause: error });
    }
  }

  private async tryToTake(): Promise<ReloadReport> {
    const { context, options, setLogLevel, target } = this.deps;
    const next = await load(context, options.config, { writes: false });
    if (next.config === null) {
      const errors = next.faults.filter(({ severity }) => severity === 'error').map(formatFault);
      throw new ReloadError(errors.join(' '));
    }
    const commit = await target.prepareReload(next.config);
    commit();
    setLogLevel(loggerOptions(options, next.log).level ?? 'info');
    const changed = changedBetween(this.current, next).filter((one) => isTaken(one));
    const needsRestart = changedBetween(this.started, next).filter((one) => !isTaken(one));
    this.current = next;
    return { changed, needsRestart };
  }
}

const LOG_LEVEL = 'the level of the log';
const USERS = 'the users of the JAAS file';
const QUORUM_USERS = 'the users among the servers';
const SERVERS = 'the server list';
const PROVIDERS = 'authProvider.*';

function isTaken(what: string): boolean {
  return TAKEN.has(what) || what === LOG_LEVEL || what === USERS || what === QUORUM_USERS;
}

/** Names of keys, and words for what is no key. */
function changedBetween(before: LoadedConfig, after: LoadedConfig): string[] {
  const old = new Map(before.settings.map((setting) => [setting.key, setting]));
  const keys = after.settings
    .filter((setting) => !OF_THE_LOG.has(setting.key) && !isSame(old.get(setting.key), setting))
    .map(({ key }) => key);
  const { config: from } = before;
  const { config: to } = after;
  if (from === null || to === null) return keys;
  return [
    ...keys,
    ...(before.log.level === after.log.level ? [] : [LOG_LEVEL]),
    ...(textOf(usersOf(from)) === textOf(usersOf(to)) ? [] : [USERS]),
    ...(textOf(quorumUsersOf(from)) === textOf(quorumUsersOf(to)) ? [] : [QUORUM_USERS]),
    ...(from.membership.toText() === to.membership.toText() || from.dynamicConfigFile !== null ? [] : [SERVERS]),
    ...(JSON.stringify(from.access.providers) === JSON.stringify(to.access.providers) ? [] : [PROVIDERS]),
  ];
}

function isSame(before: Setting | undefined, after: Setting): boolean {
  return before !== undefined && before.text === after.text;
}

type Users = ReadonlyMap<string, string> | null;

function usersOf({ access }: ServerConfig): Users {
  return access.sasl?.mechanism === 'DIGEST-MD5' ? access.sasl.users : null;
}

function quorumUsersOf({ quorumSecurity }: ServerConfig): Users {
  const server = quorumSecurity.sasl?.server;
  return server?.mechanism === 'DIGEST-MD5' ? server.users : null;
}

function textOf(users: Users): string {
  return JSON.stringify([...(users ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)));
}
