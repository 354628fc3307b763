#!/bin/sh
# Removes old snapshots and logs, with the arguments of ZooKeeper's script of this name: zkCleanup.sh [--config DIR] -n COUNT

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
# shellcheck source=bin/zkEnv.sh
. "$here/zkEnv.sh"

data_dir=$(setting dataDir)
log_dir=$(setting dataLogDir)
if [ -z "$data_dir" ]; then
  echo "There is no dataDir in $ZOOCFG; name the folder of another configuration with --config DIR." >&2
  exit 1
fi
if [ -z "$log_dir" ]; then
  exec "$here/zk-log" purge-txn-log "$data_dir" "$@"
fi
exec "$here/zk-log" purge-txn-log "$log_dir" "$data_dir" "$@"
