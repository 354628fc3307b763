"""A kazoo client that can do with reading, driven over stdin: start | set PATH | get PATH | quit. Prints its states, too."""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.protocol.states import KeeperState

logging.disable(logging.CRITICAL)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main():
    client = KazooClient(hosts=sys.argv[1], timeout=10, read_only=True, connection_retry={"max_tries": -1, "max_delay": 1})
    client.add_listener(lambda state: say("state %s %s" % (state, client.client_state)))
    for line in sys.stdin:
        verb, _, path = line.strip().partition(" ")
        try:
            if verb == "quit":
                break
            if verb == "start":
                client.start(60)
                say("ok %s" % (client.client_state == KeeperState.CONNECTED_RO))
            elif verb == "get":
                say("ok " + client.get(path)[0].decode())
            elif verb == "set":
                say("ok %d" % client.set(path, b"changed").version)
        except KazooException as error:
            say("error " + type(error).__name__)
    client.stop()
    client.close()


main()
