#!/bin/sh
# Takes the arguments of ZooKeeper's script of this name; zk-snapshot --help tells more that can be done with snapshots.

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
exec "$here/zk-snapshot" snapshot-comparer "$@"
