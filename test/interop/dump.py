"""Prints the whole tree that a server shows as JSON lines: path, data, every field of the Stat, ACL.

    dump.py HOST:PORT
"""
import json
import sys

from kazoo.client import KazooClient


def main():
    client = KazooClient(hosts=sys.argv[1], timeout=30)
    client.start(timeout=20)
    client.add_auth("digest", "alice:secret")
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        data, stat = client.get(path)
        acls, _ = client.get_acls(path)
        print(json.dumps({
            "path": path,
            "data": None if data is None else data.hex(),
            "stat": list(stat),
            "acl": [[acl.perms, acl.id.scheme, acl.id.id] for acl in acls],
        }, sort_keys=True))
        waiting.extend(sorted((path.rstrip("/") + "/" + name for name in client.get_children(path)), reverse=True))
    client.stop()
    client.close()


if __name__ == "__main__":
    main()
