#!/bin/sh
# Apache ZooKeeper's name for the shell, with its options.

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
exec "$here/zk-cli" "$@"
