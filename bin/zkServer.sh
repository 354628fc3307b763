#!/bin/sh
# Starts, ends and asks a server, with the arguments of ZooKeeper's script of this name; zk-server --help tells more.

here=$(CDPATH='' cd "$(dirname "$(readlink -f "$0")")" && pwd -P) || exit 1
# shellcheck source=bin/zkEnv.sh
. "$here/zkEnv.sh"
server=$here/zk-server
action=${1-}

if [ -n "${2-}" ]; then
  case $2 in
    */*) ZOOCFG=$2 ;;
    *) ZOOCFG=$ZOOCFGDIR/$2 ;;
  esac
fi

# tell_flags: names what only a Java virtual machine understands; the system properties among the flags count here, too.
tell_flags() {
  ignored=
  for word in ${SERVER_JVMFLAGS-} ${JVMFLAGS-}; do
    case $word in
      -D*) ;;
      *) ignored="$ignored $word" ;;
    esac
  done
  [ -z "$ignored" ] || echo "Ignored, for there is no Java virtual machine here:$ignored" >&2
}

# require_folders: with autocreate off nothing is made that is not there.
require_folders() {
  [ -n "${ZOO_DATADIR_AUTOCREATE_DISABLE-}" ] || return 0
  if [ ! -d "$data_dir/version-2" ]; then
    echo "ZooKeeper data directory is missing at $data_dir fix the path or run initialize"
    exit 1
  fi
  if [ -n "$log_dir" ] && [ ! -d "$log_dir/version-2" ]; then
    echo "ZooKeeper txnlog directory is missing at $log_dir fix the path or run initialize"
    exit 1
  fi
}

start() {
  printf 'Starting zookeeper ... '
  if [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; then
    echo "already running as process $(cat "$pid_file")."
    exit 1
  fi
  if words=$("$server" start --daemon "$ZOOCFG" 2>&1); then
    echo STARTED
    exit 0
  fi
  echo 'FAILED TO START'
  echo "$words" >&2
  exit 1
}

stop() {
  printf 'Stopping zookeeper ... '
  if [ ! -f "$pid_file" ]; then
    echo "no zookeeper to stop (could not find file $pid_file)"
    return 0
  fi
  if words=$("$server" stop --pid-file "$pid_file" 2>&1); then
    echo STOPPED
    return 0
  fi
  echo 'FAILED TO STOP'
  echo "$words" >&2
  return 1
}

# client_endpoint: sets address and port from the configuration, or from the line of this server in it.
client_endpoint() {
  address=$(setting clientPortAddress)
  port=$(setting clientPort)
  case $port in
    '' | *[!0-9]*) ;;
    *) return 0 ;;
  esac
  my_id=$(cat "$data_dir/myid" 2>/dev/null)
  case $my_id in
    '' | *[!0-9]*)
      echo 'myid could not be determined, will not able to locate clientPort in the server configs.'
      port=
      return 0
      ;;
  esac
  line=$(setting "server\.$my_id" | grep ';')
  if [ -z "$line" ]; then
    echo 'Client port not found in static config file. Looking in dynamic config file.'
    dynamic=$(setting dynamicConfigFile)
    line=$(sed -n "s/^[[:space:]]*server\.${my_id}[[:space:]]*=//p" "$dynamic" 2>/dev/null | grep ';' | tail -n 1)
  fi
  if [ -z "$line" ]; then
    echo 'Client port not found in the server configs'
    port=
    return 0
  fi
  line=${line##*;}
  port=${line##*:}
  case $line in
    \[*) address=${line#\[}; address=${address%%\]*} ;;
    *:*) address=${line%:*} ;;
  esac
}

status() {
  client_endpoint
  if [ -z "$port" ]; then
    echo 'Client port not found. Looking for secureClientPort in the static config.'
    port=$(setting secureClientPort)
    if [ -z "$port" ]; then
      echo 'Unable to find either secure or unsecure client port in any configs. Terminating.'
      exit 1
    fi
    echo "Client port found: $port. Client address: ${address:-localhost}. Client SSL: true."
    echo 'Error contacting service: it serves clients with TLS only, and this script asks without. Ask its admin port.'
    exit 1
  fi
  address=${address:-localhost}
  echo "Client port found: $port. Client address: $address. Client SSL: false."
  case $address in
    0.0.0.0) target=127.0.0.1 ;;
    ::) target='[::1]' ;;
    *:*) target="[$address]" ;;
    *) target=$address ;;
  esac
  mode=$("$server" status --server "$target:$port" --json 2>/dev/null | sed -n 's/^ *"mode": "\(.*\)",*$/\1/p' | head -n 1)
  if [ -z "$mode" ]; then
    echo 'Error contacting service. It is probably not running.'
    exit 1
  fi
  echo "Mode: $mode"
  exit 0
}

case $action in
  version) exec "$server" version ;;
  start | start-foreground | stop | restart | status | print-cmd) ;;
  *)
    echo "Usage: $0 [--config <conf-dir>] {start|start-foreground|stop|version|restart|status|print-cmd}" >&2
    exit 0
    ;;
esac

echo "Using config: $ZOOCFG" >&2
if [ ! -r "$ZOOCFG" ]; then
  echo "There is no configuration $ZOOCFG that this user may read. Name its folder with --config DIR or ZOOCFGDIR, or the file after $action." >&2
  exit 1
fi
data_dir=$(setting dataDir)
log_dir=$(setting dataLogDir)
pid_file=${ZOOPIDFILE:-$data_dir/zookeeper_server.pid}
# Those of them that are set count for zk-server, too.
export ZOOCFGDIR

case $action in
  start | start-foreground | restart)
    tell_flags
    require_folders
    ;;
esac
case $action in
  start) start ;;
  start-foreground) exec "$server" start "$ZOOCFG" ;;
  print-cmd) echo "\"$server\" start --daemon \"$ZOOCFG\"" ;;
  stop) stop ;;
  restart)
    stop || exit 1
    start
    ;;
  status) status ;;
esac
