#!/bin/sh
# Takes the arguments of ZooKeeper's script of this name; zk-log --help tells more that can be done with logs.

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
exec "$here/zk-log" txn-log-toolkit "$@"
