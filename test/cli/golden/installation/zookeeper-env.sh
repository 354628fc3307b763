ZOO_LOG_DIR=/var/log/zookeeper
ZK_SERVER_HEAP=1024
ZOOPIDFILE=/run/zookeeper.pid
