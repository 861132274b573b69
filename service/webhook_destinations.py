"""Where an address of a webhook leads when something is sent there."""

import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

import httpx

from service.webhook_addresses import is_global, is_loopback

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
    if is_loopback(host) or is_global(host) is not None:
        return Destination(url, url.netloc.decode().rsplit(":", 1)[0] if url.port is not None else url.netloc.decode())
    found = resolve(host, url.port or (443 if url.scheme == "https" else 80))
    if host not in open_hosts and not all(is_global(one) for one in found):
        raise NotOpen("its host is not of the public network")
    return Destination(url.copy_with(host=found[0]), host)
