import { ErrorCode } from '../protocol/index.js';
import { ZooKeeperError } from '../zk-client/index.js';

/** What a command ends with when it could not do its work. The numbers are those of zkCli.sh. */
export const CliExit = { ok: 0, failed: 1, usage: 2, unknownCommand: 127, interrupted: 130 } as const;

/** A command that failed: its message is printed as it is. */
export class CliError extends Error {
  override readonly name = 'CliError';
  constructor(
    message: string,
    readonly exitCode: number = CliExit.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Errors that zkCli.sh has a sentence for; the path follows. */
const SENTENCES: ReadonlyMap<number, string> = new Map([
  [ErrorCode.noNode, 'Node does not exist: '],
  [ErrorCode.noChildrenForEphemerals, 'Ephemerals cannot have children: '],
  [ErrorCode.nodeExists, 'Node already exists: '],
  [ErrorCode.notEmpty, 'Node not empty: '],
  [ErrorCode.notReadOnly, 'Not a read-only call: '],
  [ErrorCode.invalidACL, 'Acl is not valid : '],
  [ErrorCode.noAuth, 'Insufficient permission : '],
  [ErrorCode.badArguments, 'Arguments are not valid : '],
  [ErrorCode.badVersion, 'version No is not valid : '],
  [ErrorCode.quotaExceeded, 'Quota has exceeded : '],
]);

const RECONFIG_SENTENCES: ReadonlyMap<number, string> = new Map([
  [ErrorCode.reconfigInProgress, 'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)'],
  [
    ErrorCode.newConfigNoQuorum,
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - ' +
      'try invoking reconfiguration after new servers are connected and synced',
  ],
]);

const JAVA_NAMES: ReadonlyMap<number, string> = new Map([
  [ErrorCode.systemError, 'SystemError'],
  [ErrorCode.runtimeInconsistency, 'RuntimeInconsistency'],
  [ErrorCode.dataInconsistency, 'DataInconsistency'],
  [ErrorCode.connectionLoss, 'ConnectionLoss'],
  [ErrorCode.marshallingError, 'MarshallingError'],
  [ErrorCode.newConfigNoQuorum, 'NewConfigNoQuorum'],
  [ErrorCode.reconfigInProgress, 'ReconfigInProgress'],
  [ErrorCode.unimplemented, 'Unimplemented'],
  [ErrorCode.operationTimeout, 'OperationTimeout'],
  [ErrorCode.badArguments, 'BadArguments'],
  [ErrorCode.apiError, 'APIError'],
  [ErrorCode.noNode, 'NoNode'],
  [ErrorCode.noAuth, 'NoAuth'],
  [ErrorCode.badVersion, 'BadVersion'],
  [ErrorCode.noChildrenForEphemerals, 'NoChildrenForEphemerals'],
  [ErrorCode.nodeExists, 'NodeExists'],
  [ErrorCode.invalidACL, 'InvalidACL'],
  [ErrorCode.authFailed, 'AuthFailed'],
  [ErrorCode.notEmpty, 'Directory not empty'],
  [ErrorCode.sessionExpired, 'Session expired'],
  [ErrorCode.invalidCallback, 'Invalid callback'],
  [ErrorCode.sessionMoved, 'Session moved'],
  [ErrorCode.notReadOnly, 'Not a read-only call'],
  [ErrorCode.ephemeralOnLocalSession, 'Ephemeral node on local session'],
  [ErrorCode.noWatcher, 'No such watcher'],
  [ErrorCode.reconfigDisabled, 'Reconfig is disabled'],
  [ErrorCode.sessionClosedRequireSasl, 'Session closed because client failed to authenticate'],
  [ErrorCode.quotaExceeded, 'Quota has exceeded'],
  [ErrorCode.throttledOp, 'Op throttled due to high load'],
]);

/** `KeeperErrorCode = NoAuth for /a`, as Java's exceptions tell it. */
export function javaMessage(errorCode: number, path: string | null): string {
  const name = JAVA_NAMES.get(errorCode) ?? `Unknown error ${errorCode}`;
  return `KeeperErrorCode = ${name}${path === null || path === '' ? '' : ` for ${path}`}`;
}

/** Why a connection was lost, or there was none, which zkCli.sh tells only in its log; null: that is not known. */
export function reasonOf(error: unknown): string | null {
  const isLoss = error instanceof ZooKeeperError && error.code === 'connectionLoss';
  return isLoss && error.cause instanceof Error ? error.cause.message : null;
}

/** What zkCli.sh says about an error. */
export function errorText(error: unknown): string {
  if (!(error instanceof ZooKeeperError)) return error instanceof Error ? error.message : String(error);
  const { errorCode, path } = error;
  if (errorCode === null) return error.message;
  const reconfig = RECONFIG_SENTENCES.get(errorCode);
  if (reconfig !== undefined) return reconfig;
  const sentence = SENTENCES.get(errorCode);
  return sentence === undefined ? javaMessage(errorCode, path) : `${sentence}${path ?? 'null'}`;
}
