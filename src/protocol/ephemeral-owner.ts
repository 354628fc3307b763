/**
 * What the 64 bits of a node's `ephemeralOwner` say (ZooKeeper's `EphemeralType`):
 * 0 persistent; Long.MIN_VALUE container; with extended types enabled, top byte 0xff and type 0x0000 a TTL node whose low
 * 40 bits are the TTL in milliseconds; anything else the id of the session that owns an ephemeral node.
 */
export const CONTAINER_OWNER = -0x8000_0000_0000_0000n;
/** Largest TTL in milliseconds (40 bits). */
export const MAX_TTL_MS = 0xff_ffff_ffff;
const TTL_MARK = 0xff00_0000_0000_0000n;
const TTL_MASK = 0x0000_00ff_ffff_ffffn;
const FEATURE_MASK = 0x00ff_ff00_0000_0000n;

export type OwnerKind = 'persistent' | 'ephemeral' | 'container' | 'ttl';

export function ttlOwner(ttlMs: number): bigint {
  return BigInt.asIntN(64, TTL_MARK | BigInt(ttlMs));
}

export function ownerTtlMs(owner: bigint): number {
  return Number(owner & TTL_MASK);
}

/** `extendedTypes`: is `zookeeper.extendedTypesEnabled` on? Without it a TTL owner counts as an ephemeral's. */
export function ownerKind(owner: bigint, extendedTypes: boolean): OwnerKind {
  if (owner === 0n) return 'persistent';
  if (owner === CONTAINER_OWNER) return 'container';
  const bits = BigInt.asUintN(64, owner);
  if (extendedTypes && (bits & TTL_MARK) === TTL_MARK && (bits & FEATURE_MASK) === 0n) return 'ttl';
  return 'ephemeral';
}
