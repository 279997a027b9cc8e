"""Ports for servers that a test starts in a process of its own."""

import itertools
import os
import socket

# Below the range from which systems take ports for outgoing connections: one of those could take a port between the
# moment it was found free and the moment the server binds it. Each process of the tests begins somewhere else.
_FIRST, _NUMBER = 20_000, 10_000
_next = itertools.count(os.getpid() * 137)


def free_port() -> int:
    """A port on loopback that nobody uses now, and that this process has not given out lately."""
    for number in itertools.islice(_next, _NUMBER):
        port = _FIRST + number % _NUMBER
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    raise RuntimeError("no port is free")
