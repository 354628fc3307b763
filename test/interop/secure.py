# What a server of Apache ZooKeeper's protocol answers to TLS and SASL clients. Arguments: client port, TLS port, a folder
# with certificates. Prints a line a question.
import logging
import sys
import time

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.security import ACL, Id

logging.disable(logging.CRITICAL)
port, tls_port, folder = sys.argv[1:4]


def attempt(name, ask, wait=30, **options):
    # kazoo is connected before its SASL has failed. Where start() looks only after that it speaks of a time-out, at once.
    for _ in range(20):
        began = time.monotonic()
        outcome = once(ask, wait, **options)
        if outcome != "KazooTimeoutError" or "sasl_options" not in options or time.monotonic() - began > wait / 2:
            break
    print(name, outcome)


def once(ask, wait, **options):
    # A refused stranger would try for ever; one refused connection alone may be anything.
    client = KazooClient(timeout=10, connection_retry={"max_tries": 3}, **options)
    try:
        client.start(wait)
        return ask(client)
    except (KazooException, KazooTimeoutError) as error:
        return type(error).__name__
    finally:
        client.stop()
        client.close()


def tls(name):
    return {
        "hosts": "127.0.0.1:" + tls_port,
        "use_ssl": True,
        "ca": folder + "/ca.crt",
        "certfile": folder + "/" + name + ".crt",
        "keyfile": folder + "/" + name + ".key",
    }


def sasl(user, password):
    return {
        "hosts": "127.0.0.1:" + port,
        "sasl_options": {"mechanism": "DIGEST-MD5", "username": user, "password": password},
    }


def own_node(path):
    def ask(client):
        client.create(path, b"x", acl=[ACL(31, Id("auth", ""))])
        return [(acl.perms, acl.id.scheme, acl.id.id) for acl in client.get_acls(path)[0]]

    return ask


def read(path):
    return lambda client: client.get(path)[0]


attempt("tls", own_node("/tls"), **tls("client"))
attempt("tls again", read("/tls"), **tls("client"))
attempt("tls super", read("/tls"), **tls("admin"))
attempt("tls other", read("/tls"), **tls("other"))
attempt("tls stranger", read("/tls"), wait=3, **tls("stranger"))
attempt("sasl", own_node("/sasl"), **sasl("bob", "bob-secret"))
attempt("sasl again", read("/sasl"), **sasl("bob", "bob-secret"))
attempt("sasl super", read("/sasl"), **sasl("super", "super-secret"))
attempt("sasl other", read("/sasl"), **sasl("eve", "eve secret"))
attempt("sasl wrong", read("/"), **sasl("bob", "wrong"))
attempt("sasl unknown", read("/"), **sasl("nobody", "x"))
attempt("plain", read("/sasl"), hosts="127.0.0.1:" + port)
