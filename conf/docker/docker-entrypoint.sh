#!/bin/sh
# Entry point of the container: understands the variables of ZooKeeper's official image, and of each one NAME also NAME_FILE,
# the path of a file (a secret) that holds its value.
#
#   1. as root: gives the folders to the user zookeeper and goes on as that user
#   2. writes $ZOO_CONF_DIR/zoo.cfg and $ZOO_DATA_DIR/myid where they are not there
#   3. becomes the command (default: zkServer.sh start-foreground)
set -eu

fail() {
  echo "docker-entrypoint: $*" >&2
  exit 2
}

# Every variable of the image; docs/operations.md explains them.
names='ZOO_MY_ID ZOO_SERVERS ZOO_CFG_EXTRA ZOO_TICK_TIME ZOO_INIT_LIMIT ZOO_SYNC_LIMIT ZOO_AUTOPURGE_PURGEINTERVAL
ZOO_AUTOPURGE_SNAPRETAINCOUNT ZOO_MAX_CLIENT_CNXNS ZOO_STANDALONE_ENABLED ZOO_ADMINSERVER_ENABLED
ZOO_4LW_COMMANDS_WHITELIST ZOO_PORT'
for name in $names JVMFLAGS SERVER_JVMFLAGS; do
  eval "file=\${${name}_FILE:-} value=\${$name:-}"
  # shellcheck disable=SC2154 # eval sets both
  [ -n "$file" ] || continue
  [ -z "$value" ] || fail "$name and ${name}_FILE are both set; keep one of them."
  [ -r "$file" ] || fail "${name}_FILE names $file, which cannot be read."
  value=$(cat "$file")
  export "$name=$value"
  unset "${name}_FILE"
done

: "${ZOO_CONF_DIR:=/conf}" "${ZOO_DATA_DIR:=/data}" "${ZOO_DATA_LOG_DIR:=/datalog}" "${ZOO_LOG_DIR:=/logs}"
export ZOO_CONF_DIR ZOO_DATA_DIR ZOO_DATA_LOG_DIR ZOO_LOG_DIR

case ${1:-} in
  zkServer.sh | zk-server) serves=1 ;;
  *) serves=0 ;;
esac

user=${ZOO_USER:-zookeeper}
if [ "$serves" = 1 ] && [ "$(id -u)" = 0 ] && [ "$user" != root ]; then
  for folder in "$ZOO_CONF_DIR" "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" "$ZOO_LOG_DIR"; do
    mkdir -p "$folder"
    # A volume that cannot be given away (read-only configuration) stays as it is; the server says what it cannot write.
    find "$folder" ! -user "$user" -exec chown "$user" {} + 2>/dev/null || true
  done
  exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$0" "$@"
fi

write_config() {
  echo "dataDir=$ZOO_DATA_DIR"
  echo "dataLogDir=$ZOO_DATA_LOG_DIR"
  echo "tickTime=${ZOO_TICK_TIME:-2000}"
  echo "initLimit=${ZOO_INIT_LIMIT:-5}"
  echo "syncLimit=${ZOO_SYNC_LIMIT:-2}"
  echo "autopurge.snapRetainCount=${ZOO_AUTOPURGE_SNAPRETAINCOUNT:-3}"
  echo "autopurge.purgeInterval=${ZOO_AUTOPURGE_PURGEINTERVAL:-0}"
  echo "maxClientCnxns=${ZOO_MAX_CLIENT_CNXNS:-60}"
  echo "standaloneEnabled=${ZOO_STANDALONE_ENABLED:-true}"
  echo "admin.enableServer=${ZOO_ADMINSERVER_ENABLED:-true}"
  [ -z "${ZOO_PORT:-}" ] || echo "clientPort=$ZOO_PORT"
  [ -z "${ZOO_4LW_COMMANDS_WHITELIST:-}" ] || echo "4lw.commands.whitelist=$ZOO_4LW_COMMANDS_WHITELIST"
  # Words with blanks between them, so unquoted on purpose.
  for line in ${ZOO_SERVERS:-server.1=localhost:2888:3888;2181}; do echo "$line"; done
  for line in ${ZOO_CFG_EXTRA:-}; do echo "$line"; done
}

# write_once FILE TEXT: where there is no such file. Written beside and renamed: a container that is ended meanwhile leaves no
# half a file.
write_once() {
  printf '%s\n' "$2" >"$1.new" || fail "$1 cannot be written by $(id -un 2>/dev/null || id -u). Give that user the folder, or mount the file."
  mv "$1.new" "$1"
}

if [ "$serves" = 1 ]; then
  mkdir -p "$ZOO_CONF_DIR" "$ZOO_DATA_DIR" "$ZOO_DATA_LOG_DIR" 2>/dev/null || true
  [ -e "$ZOO_DATA_DIR/myid" ] || write_once "$ZOO_DATA_DIR/myid" "${ZOO_MY_ID:-1}"
  if [ ! -e "$ZOO_CONF_DIR/zoo.cfg" ]; then
    # Lines of ZOO_SERVERS and ZOO_CFG_EXTRA may have a *.
    set -f
    write_once "$ZOO_CONF_DIR/zoo.cfg" "$(write_config)"
    # They have had their effect; the server would say that they have none.
    # shellcheck disable=SC2086 # several names
    unset $names ZOO_DATA_DIR ZOO_DATA_LOG_DIR
  fi
fi

exec "$@"
