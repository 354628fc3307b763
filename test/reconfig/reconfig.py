"""Reconfigures through kazoo. Each line of the input is a JSON object:

{"hosts": "...", "joining": null, "leaving": null, "members": null, "from": -1}   reconfigures; answers {"config": text} or {"error": name}
{"hosts": "...", "get": true}                                                      answers {"config": text, "version": ...}
{"hosts": "...", "write": "/path"}                                                 creates a node; answers {"ok": path}
"""

import json
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException

logging.disable(logging.CRITICAL)


def run(order):
    user = order.get("user", "super:admin")
    client = KazooClient(hosts=order["hosts"], timeout=10, auth_data=[("digest", user)] if user else [])
    client.start(timeout=60)
    try:
        if order.get("get"):
            client.sync("/")
            data, stat = client.get("/zookeeper/config")
            return {"config": data.decode(), "version": stat.version}
        if "write" in order:
            return {"ok": client.create(order["write"], b"x")}
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
