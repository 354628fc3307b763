#!/bin/sh
# Makes the data folders of a server, with the arguments of ZooKeeper's script of this name.

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
# shellcheck source=bin/zkEnv.sh
. "$here/zkEnv.sh"
my_id=
force=0

usage() {
  cat <<END
usage: $0 <parameters>
  Optional parameters:
     -h                    Print this text
     --help                Print this text
     --configfile=FILE     The configuration [$ZOOCFG]
     --myid=#              The number of this server, if it has one (1-255)
     --force               Make the folders anew: the data in them is deleted
END
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --configfile) ZOOCFG=${2-}; shift ;;
    --configfile=?*) ZOOCFG=${1#*=} ;;
    --myid) my_id=${2-}; shift ;;
    --myid=?*) my_id=${1#*=} ;;
    --force) force=1 ;;
    -h | --help) usage ;;
    *) echo "Unknown option: $1"; usage ;;
  esac
  [ $# -eq 0 ] || shift
done

if [ ! -e "$ZOOCFG" ]; then
  echo "Unable to find config file at $ZOOCFG"
  exit 1
fi
data_dir=$(setting dataDir)
log_dir=$(setting dataLogDir)
if [ -z "$data_dir" ]; then
  echo "Unable to determine dataDir from $ZOOCFG"
  exit 1
fi

pid_file=${ZOOPIDFILE:-$data_dir/zookeeper_server.pid}
if [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
  echo "A server runs on $data_dir (pid $(cat "$pid_file")); stop it first."
  exit 1
fi
if [ $force -eq 1 ]; then
  echo 'Force enabled, data/txnlog directories will be re-initialized'
elif [ -d "$data_dir/version-2" ]; then
  echo "ZooKeeper data directory already exists at $data_dir (or use --force to force re-initialization)"
  exit 1
elif [ -n "$log_dir" ] && [ -d "$log_dir/version-2" ]; then
  echo "ZooKeeper txnlog directory already exists at $log_dir (or use --force to force re-initialization)"
  exit 1
fi

for dir in "$data_dir" ${log_dir:+"$log_dir"}; do
  rm -rf "$dir/myid" "$dir/version-2"
  mkdir -p "$dir/version-2" || exit 1
done
if [ -n "$my_id" ]; then
  echo "Using myid of $my_id"
  echo "$my_id" >"$data_dir/myid"
else
  echo "No myid provided, be sure to specify it in $data_dir/myid if using non-standalone"
fi
# With db.autocreate=false a server without data takes part at once only where this file says that none is expected.
touch "$data_dir/initialize"
