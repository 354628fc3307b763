"""Writes to a server as fast as it can: creates, changes, deletes and multis over many nodes, so that snapshots are taken
in the middle of it.

    java-load.py HOST:PORT[,...] COUNT
"""
import random
import sys

from kazoo.client import KazooClient


def main():
    client = KazooClient(hosts=sys.argv[1], timeout=30)
    client.start(timeout=20)
    count = int(sys.argv[2])
    rng = random.Random(1)
    client.ensure_path("/load")
    waiting = []
    for i in range(count):
        parent = "/load/p%d" % (i % 40)
        if i < 40:
            waiting.append(client.create_async(parent, b"parent"))
            continue
        node = "%s/n%d" % (parent, rng.randrange(60))
        kind = rng.randrange(10)
        if kind < 4:
            waiting.append(client.create_async(node, b"x" * rng.randrange(2000)))
        elif kind < 7:
            waiting.append(client.set_async(node, b"y" * rng.randrange(2000)))
        elif kind < 8:
            waiting.append(client.delete_async(node))
        elif kind < 9:
            waiting.append(client.create_async("%s/s-" % parent, b"s", sequence=True, ephemeral=True))
        else:
            multi = client.transaction()
            multi.create(node + "-m%d" % i, b"m")
            multi.set_data(parent, b"%d" % i)
            waiting.append(multi.commit_async())
        if len(waiting) >= 400:
            for result in waiting:
                result.wait(30)
            waiting = []
    for result in waiting:
        result.wait(30)
    client.stop()
    client.close()


if __name__ == "__main__":
    main()
