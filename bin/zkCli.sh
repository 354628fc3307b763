#!/bin/sh
# Apache ZooKeeper's name for the shell, with its options.

self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=$(dirname "$self")/$target ;;
  esac
done
exec "$(dirname "$self")/zk-cli" "$@"
