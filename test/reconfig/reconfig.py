"""Reconfigures through kazoo. Each line of the input is a JSON object:

{"hosts": "...", "joining": null, "leaving": null, "members": null, "from": -1}   reconfigures; answers {"config": text} or {"error": name}
{"hosts": "...", "get": true}                                                      answers {"config": text, "version": ...}
{"hosts": "...", "write": "/path"}                                                 creates a node; answers {"ok": path}
"""

import json
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException, NodeExistsError
from kazoo.retry import KazooRetry

logging.disable(logging.CRITICAL)


def again_when_lost():
    """Calls anew what may be called twice: a server that loses its leader closes its clients' connections."""
    return KazooRetry(max_tries=-1, deadline=60)


def read_config(client):
    client.sync("/")
    return client.get("/zookeeper/config")


def write_once(client, path):
    tries = 0

    def write():
        nonlocal tries
        tries += 1
        try:
            return client.create(path, b"x")
        except NodeExistsError:
            # A try before this one made it, and its answer was lost.
            if tries == 1:
                raise
            return path

    return again_when_lost()(write)


def run(order):
    user = order.get("user", "super:admin")
    client = KazooClient(hosts=order["hosts"], timeout=10, auth_data=[("digest", user)] if user else [])
    client.start(timeout=60)
    try:
        if order.get("get"):
            data, stat = again_when_lost()(read_config, client)
            return {"config": data.decode(), "version": stat.version}
        if "write" in order:
            return {"ok": write_once(client, order["write"])}
        data, _ = client.reconfig(
            joining=order.get("joining"),
            leaving=order.get("leaving"),
            new_members=order.get("members"),
            from_config=order.get("from", -1),
        )
        return {"config": data.decode()}
    except KazooException as error:
        return {"error": type(error).__name__}
    finally:
        client.stop()
        client.close()


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)
