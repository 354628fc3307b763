"""Writes every kind of node, change and ACL that kazoo can; ends with a live session that holds ephemerals.

    fill.py HOST:PORT SEED        prints "filled", keeps its session until its input ends
"""
import random
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.security import ACL, Id, make_acl, make_digest_acl


def main():
    host, seed = sys.argv[1], int(sys.argv[2])
    rng = random.Random(seed)
    client = KazooClient(hosts=host, timeout=30)
    client.start(timeout=20)
    client.add_auth("digest", "alice:secret")
    root = "/fill-%d" % seed
    client.create(root, b"root")
    client.create(root + "/empty", b"")
    client.create(root + "/binary", bytes(range(256)))
    client.create(root + "/large", b"x" * 200000)
    client.create(root + "/unicode-\u00e9\u4e2d", "\u00e9\u4e2d".encode())
    for i in range(20):
        client.create(root + "/seq-", b"%d" % i, sequence=True)
    client.create(root + "/acl-digest", b"d", acl=[make_digest_acl("alice", "secret", all=True)])
    client.create(root + "/acl-mixed", b"m", acl=[make_digest_acl("alice", "secret", all=True), make_acl("world", "anyone", read=True),
                                                  make_acl("ip", "127.0.0.1", read=True, write=True)])
    client.create(root + "/acl-auth", b"a", acl=[ACL(31, Id("auth", ""))])
    client.create(root + "/acl-set", b"s")
    client.set_acls(root + "/acl-set", [make_acl("world", "anyone", read=True, admin=True)])
    client.set_acls(root + "/acl-set", [make_acl("world", "anyone", all=True)], version=1)
    for i in range(5):
        client.set(root + "/empty", b"v%d" % i)
    client.create(root + "/parent", b"")
    for i in range(12):
        client.create(root + "/parent/c%d" % i, b"")
    for i in range(0, 12, 3):
        client.delete(root + "/parent/c%d" % i)
    done = client.transaction()
    done.create(root + "/multi", b"1")
    done.create(root + "/multi/child", b"2")
    done.set_data(root + "/multi", b"3")
    done.check(root + "/multi", 1)
    done.delete(root + "/parent/c1")
    done.commit()
    failing = client.transaction()
    failing.create(root + "/never", b"")
    failing.delete(root + "/parent/none")
    failing.create(root + "/never2", b"")
    failing.commit()
    for _ in range(5):
        try:
            client.delete(root + "/missing")
        except KazooException:
            pass
    for i in range(200):
        path = "%s/parent/r%d" % (root, rng.randrange(40))
        try:
            {0: lambda: client.create(path, b"r"), 1: lambda: client.set(path, b"y" * rng.randrange(50)),
             2: lambda: client.delete(path)}[rng.randrange(3)]()
        except KazooException:
            pass
    gone = KazooClient(hosts=host, timeout=30)
    gone.start(timeout=20)
    gone.create(root + "/gone", b"", ephemeral=True)
    gone.stop()
    gone.close()
    client.create(root + "/live", b"e", ephemeral=True)
    client.create(root + "/live-", b"e", ephemeral=True, sequence=True)
    print("filled", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
