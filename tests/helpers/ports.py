"""Ports on loopback that other tests, which run at the same time, cannot be given meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nothing listens: it is taken, so no other server comes to stand there."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        yield int(taken.getsockname()[1])


def free_port() -> int:
    """A port for a server that is started next.

    A connection closed from this side leaves the port waiting for some time. The system then gives it
    to nobody who asks for any port, while a server that asks for this one gets it.
    """
    with socket.create_server((LOOPBACK, 0)) as listener:
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            accepted.close()
        return int(listener.getsockname()[1])
