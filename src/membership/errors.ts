export type MembershipErrorCode =
  /** The number after `server.`, or in a group or weight line, is no server id. */
  | 'SERVER_ID'
  /** A server line does not have the shape `host:quorumPort:electionPort[:role][;[host:]clientPort]`. */
  | 'FORMAT'
  | 'HOST'
  | 'PORT'
  /** Quorum and election port are one and the same. */
  | 'SAME_PORT'
  | 'ROLE'
  /** The addresses of one server name different roles. */
  | 'ROLE_CONFLICT'
  /** Several addresses where they are not enabled. */
  | 'MULTI_ADDRESS'
  | 'GROUP'
  | 'WEIGHT'
  | 'VERSION'
  /** The same server, group or weight twice. */
  | 'DUPLICATE'
  | 'UNKNOWN_KEY'
  /** Observers without a single participant. */
  | 'NO_VOTERS';

/** A server list that cannot be used. */
export class MembershipError extends Error {
  override readonly name = 'MembershipError';
  constructor(
    readonly code: MembershipErrorCode,
    /** The line's key, such as `server.3`. */
    readonly key: string,
    message: string,
    /** What to write instead. */
    readonly mend: string,
  ) {
    super(`${key}: ${message}`);
  }
}
