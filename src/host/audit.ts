/** Who did what to which node, and whether it succeeded. Fields that do not apply are absent. */
export interface AuditEvent {
  /** `0x1000a1b2c3d0000` */
  readonly session?: string;
  /** Names of all whom the session speaks for, with commas between them; those of this server for its own deeds. */
  readonly user?: string;
  readonly ip?: string;
  /** ZooKeeper's word: `create`, `setData`, `multiOperation` ... */
  readonly operation: string;
  readonly znode?: string;
  /** `persistent`, `ephemeral_sequential` ... */
  readonly znodeType?: string;
  /** As `world:anyone:cdrwa`, one behind the other. */
  readonly acl?: string;
  readonly result: 'success' | 'failure' | 'invoked';
}

/** Where audit lines go. */
export interface AuditLog {
  /** As whom this server itself does something. */
  readonly serverUser: string;
  record(event: AuditEvent): void;
}
