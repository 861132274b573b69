"""Where events may be sent: what an address must be like, and where it leads when something is sent there.

Whoever administers a tenant over HTTP names addresses of the public network alone: our own machine, and the network
that it stands in, are none of theirs to send requests into. Whoever runs the service says which hosts of it are open to
them (``MIXPLAN_WEBHOOK_HOSTS``), and may name any on the command line.
"""

import ipaddress
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpx

LONGEST_ADDRESS = 500
"""Characters of an address."""

type Resolve = Callable[[str, int], list[str]]
"""Addresses of a host and port, as the network knows them."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: a URL with the address of a machine in it, and what the host is called there."""

    url: httpx.URL
    host: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that says which host is meant."""
        return {"Host": self.host if self.url.port is None else f"{self.host}:{self.url.port}"}


class NotOpen(Exception):
    """A host that leads to our own machine or network, and is not open to webhooks; the message names none."""


def is_fit(address: str) -> bool:
    """Whether an address is https, or http on this machine, without a password in it."""
    parts = _parts(address)
    return parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(_host(parts))))


def is_public(address: str, open_hosts: Collection[str] = ()) -> bool:
    """Whether an address is fit and written as one of the public network, or its host is open to webhooks."""
    parts = _parts(address)
    if parts is None or parts.scheme not in ("https", "http"):
        return False
    host = _host(parts)
    if host in open_hosts:
        return True
    return parts.scheme == "https" and not _is_loopback(host) and _is_global(host) is not False


def resolved(host: str, port: int) -> list[str]:
    """What the network says that a host's addresses are.

    Raises
    ------
    OSError
        When it knows none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _family, _kind, _protocol, _name, address in found]


def destination(address: str, open_hosts: Collection[str] = (), resolve: Resolve = resolved) -> Destination:
    """Where a request to an address goes: looked up once, so that it goes where it was found to be allowed.

    An address that is written as a number, or as this machine, was allowed when it was named.

    Raises
    ------
    NotOpen
        When its host leads to an address that is not public, and is not open to webhooks.
    OSError
        When the network knows no such host.
    """
    url = httpx.URL(address)
    host = url.host
    if _is_loopback(host) or _is_global(host) is not None:
        return Destination(url, url.netloc.decode().rsplit(":", 1)[0] if url.port is not None else url.netloc.decode())
    found = resolve(host, url.port or (443 if url.scheme == "https" else 80))
    if host not in open_hosts and not all(_is_global(one) for one in found):
        raise NotOpen("its host is not of the public network")
    return Destination(url.copy_with(host=found[0]), host)


def _parts(address: str) -> SplitResult | None:
    """The parts of an address; None of one that is none, or has a password in it."""
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


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and number.is_loopback


def _is_global(host: str) -> bool | None:
    """Whether a host that is written as a number is of the public network; None for a name."""
    number = _number(host)
    return None if number is None else number.is_global and not number.is_multicast


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = number.ipv4_mapped if isinstance(number, ipaddress.IPv6Address) else None
    return mapped or number
