# What a server of ZooKeeper's protocol answers to kazoo with a ticket. Argument: host:port. Prints a line.
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import ACL, Id

logging.disable(logging.CRITICAL)
client = KazooClient(
    hosts=sys.argv[1],
    timeout=10,
    connection_retry={"max_tries": 3},
    sasl_options={"mechanism": "GSSAPI", "service": "zookeeper"},
)
try:
    client.start(30)
    client.create("/kazoo", b"x", acl=[ACL(31, Id("auth", ""))])
    print([(acl.perms, acl.id.scheme, acl.id.id) for acl in client.get_acls("/kazoo")[0]])
except (KazooException, KazooTimeoutError) as error:
    print(type(error).__name__)
finally:
    client.stop()
    client.close()
