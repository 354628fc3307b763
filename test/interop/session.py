"""A kazoo session that lives through a failover, driven over stdin and watched over stdout; same commands as session.c."""
import logging
import sys

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.retry import KazooRetry

logging.basicConfig(level=logging.ERROR)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def on_event(event):
    say("event %s %s" % (event.type, event.path))


def main():
    retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.5)
    client = KazooClient(hosts=sys.argv[1], timeout=10, connection_retry=retry, command_retry=retry,
                         handler=SequentialThreadingHandler())
    client.add_listener(lambda state: say("state %s" % state))
    client.start(timeout=20)
    say("session %x" % client.client_id[0])
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 2)
        verb, path, text = words[0], words[1] if len(words) > 1 else None, words[2] if len(words) > 2 else ""
        try:
            if verb == "quit":
                break
            if verb == "create":
                say("ok " + client.retry(client.create, path, text.encode()))
            elif verb == "ephemeral":
                say("ok " + client.create(path, b"", ephemeral=True))
            elif verb == "sequence":
                say("ok " + client.create(path, b"", sequence=True))
            elif verb == "set":
                say("ok %d" % client.retry(client.set, path, text.encode()).version)
            elif verb == "get":
                say("ok " + client.retry(client.get, path)[0].decode())
            elif verb == "watch":
                say("ok " + client.retry(client.get, path, watch=on_event)[0].decode())
            elif verb == "watch-exists":
                say("ok %s" % bool(client.retry(client.exists, path, watch=on_event)))
            elif verb == "children":
                say("ok %d" % len(client.retry(client.get_children, path)))
            elif verb == "delete":
                client.retry(client.delete, path)
                say("ok")
            else:
                say("error unknown command " + verb)
        except KazooException as error:
            say("error " + type(error).__name__)
    client.stop()
    client.close()
    say("closed")


if __name__ == "__main__":
    main()
