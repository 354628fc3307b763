# shellcheck shell=sh
# Read by the scripts with ZooKeeper's names: finds the configuration as ZooKeeper's zkEnv.sh does, and takes --config DIR
# from the front of the arguments. `here` is the folder of the scripts.

if [ $# -gt 1 ] && [ "$1" = --config ]; then
  ZOOCFGDIR=$2
  shift 2
fi
if [ -z "${ZOOCFGDIR-}" ]; then
  # Beside the scripts, or where Debian's package has it.
  ZOOCFGDIR=$here/../conf
  if [ ! -e "$ZOOCFGDIR/zoo.cfg" ] && [ -e /etc/zookeeper/conf/zoo.cfg ]; then
    ZOOCFGDIR=/etc/zookeeper/conf
  fi
fi
for file in zookeeper-env.sh java.env; do
  if [ -f "$ZOOCFGDIR/$file" ]; then
    set -a
    # shellcheck disable=SC1090
    . "$ZOOCFGDIR/$file"
    set +a
  fi
done
ZOOCFG=$ZOOCFGDIR/${ZOOCFG:-zoo.cfg}

# setting KEY: its last value in the configuration, without spaces around it.
setting() {
  sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$ZOOCFG" 2>/dev/null | sed -n 's/[[:space:]]*$//; $p'
}
