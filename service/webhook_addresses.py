"""Where events may be sent: what an address must be like.

Whoever administers a tenant over HTTP names addresses of the public network alone: our own machine, and the network
that it stands in, are none of theirs to send requests into. Whoever runs the service says which hosts of it are open to
them (``MIXPLAN_WEBHOOK_HOSTS``), and may name any on the command line.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

LONGEST_ADDRESS = 500
"""Characters of an address."""


def is_fit(address: str) -> bool:
    """Whether an address is https, or http on this machine, without a password in it."""
    parts = _parts(address)
    return parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(_host(parts))))


def is_public(address: str, open_hosts: Collection[str] = ()) -> bool:
    """Whether an address is fit and written as one of the public network, or its host is open to webhooks."""
    parts = _parts(address)
    if parts is None or parts.scheme not in ("https", "http"):
        return False
    host = _host(parts)
    if host in open_hosts:
        return True
    return parts.scheme == "https" and not is_loopback(host) and is_global(host) is not False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or its number."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and number.is_loopback


def is_global(host: str) -> bool | None:
    """Whether a host that is written as a number is of the public network; None for a name."""
    number = _number(host)
    return None if number is None else number.is_global and not number.is_multicast


def _parts(address: str) -> SplitResult | None:
    """The parts of an address; None of one that is none, or has a password in it."""
    import httpx  # takes its time to load, and a server is asked for plans long before it is told an address

    if len(address) > LONGEST_ADDRESS or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        return None
    return parts if parts.hostname and not parts.username and not parts.password else None


def _host(parts: SplitResult) -> str:
    return parts.hostname or ""


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return mapped or number
