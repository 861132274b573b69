"""No socket beyond loopback: refused in the process that asks, and written down for whoever runs the tests.

The guard listens to what Python itself tells of sockets (audit events), so it sees every library written in Python and
none written in C or Rust: for those the tests run in a network of their own (benchmarks/README.md).
"""

import os
import sys
from ipaddress import ip_address

REPORT = "MIXPLAN_TESTS_SOCKETS"
"""Variable with the file that refused sockets are written to: a process may keep to itself what it was refused."""

TO_ADDRESSES = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")
TO_NAMES = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


class BeyondLoopback(Exception):
    """A socket to somewhere else than this machine; no `OSError`, which what is tested would take for a refusal."""


def guard() -> None:
    """Refuse sockets beyond loopback in this process from now on."""
    sys.addaudithook(_refuse)


def is_here(host: object) -> bool:
    """Whether a host is this machine, and only that: an empty one is every address of it."""
    if not isinstance(host, str | bytes):
        return True
    name = host.decode() if isinstance(host, bytes) else host
    if name == "localhost":
        return True
    try:
        return ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in TO_ADDRESSES:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # otherwise a Unix socket, or one connected before
    elif event in TO_NAMES:
        host = arguments[0]
    else:
        return
    if not is_here(host):
        said = f"{event} {host!r}: tests open no socket beyond loopback"
        report = os.environ.get(REPORT)
        if report is not None:
            with open(report, "a", encoding="utf-8") as file:
                file.write(f"{said} ({' '.join(sys.orig_argv)})\n")
        raise BeyondLoopback(said)
