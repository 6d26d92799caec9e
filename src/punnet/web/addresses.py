"""Whom a request comes from: the address that its calls and its connections count against."""

import ipaddress
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import TypeAlias

from litestar.types import HTTPScope, WebSocketScope

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

FORWARDED = b"x-forwarded-for"

HOME_BITS = 64
"""What a home or a server has of IPv6: all addresses that begin with the same bits are one caller."""

KNOWN = 10_000
"""Peers whose address is not worked out again."""


class Addresses:
    """Tells addresses apart, also behind `proxies` that are trusted to say for whom they ask.

    What such a proxy asks for itself counts against nobody: its address is empty.
    """

    def __init__(self, proxies: Iterable[Network] = ()) -> None:
        self._proxies = tuple(proxies)
        self.of_peer = lru_cache(KNOWN)(self._of_peer)

    def of(self, scope: HTTPScope | WebSocketScope) -> str:
        """Return the address that a request comes from.

        Of X-Forwarded-For that is the last one which is no proxy's: what stands before it anybody can say.
        """
        client = scope.get("client")
        address = self.of_peer(client[0]) if client else ""
        if address:
            return address
        said = b",".join(value for name, value in scope["headers"] if name == FORWARDED)
        for hop in reversed(said.decode("latin-1").split(",") if said else ()):
            address = self.of_peer(hop.strip())
            if address:
                return address
        return ""

    def _of_peer(self, host: str) -> str:
        """Return the address of one who connects, empty for a proxy, and for what is no address."""
        try:
            address = _plain(ipaddress.ip_address(host))
        except ValueError:
            return ""
        if any(address in network for network in self._proxies):
            return ""
        if isinstance(address, ipaddress.IPv6Address):
            return str(ipaddress.ip_network((address, HOME_BITS), strict=False))
        return str(address)


def _plain(address: Address) -> Address:
    """Return the address of IPv4 that one of IPv6 stands for, if it does."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


class AddressLimit:
    """How many of something each address may have at once; `most` is 0 for any number."""

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._had: dict[str, int] = {}

    @property
    def addresses(self) -> int:
        """How many have some."""
        return len(self._had)

    def enter(self, address: str) -> Callable[[], None] | None:
        """Count one more, and return what counts it no more; None where there are as many as there may be."""
        if not (self._most and address):
            return _nothing
        had = self._had.get(address, 0)
        if had >= self._most:
            return None
        self._had[address] = had + 1
        return partial(self._leave, address)

    def _leave(self, address: str) -> None:
        if self._had[address] == 1:
            del self._had[address]
        else:
            self._had[address] -= 1


def _nothing() -> None:
    """Count nothing."""
