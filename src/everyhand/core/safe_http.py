"""Requests to other people's servers, wherever somebody typed the address: never into our own network.

Whoever can make a program fetch a URL can make it talk to the router, the database or the metadata service of a cloud
(server-side request forgery, CWE-918). So a name is resolved once, every address it has is checked, the connection
goes to an address that was checked (a name that resolves differently the second time gains nothing), redirects are
not followed, and an answer is cut off at a size. Only https, and the certificate must be that of the name.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import httpx

IPAddress = IPv4Address | IPv6Address

LARGEST_ANSWER: Final = 1_000_000
PATIENCE: Final = httpx.Timeout(20.0, connect=10.0)

# Addresses of IPv6 that lead to one of IPv4 which we would have to check in turn (RFC 6052, RFC 3056, RFC 4380).
_DETOURS = [ip_network(one) for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")]


class NotAllowed(httpx.TransportError):
    """The request does not leave: the message says what about its address is not allowed."""


class AnswerTooLarge(httpx.TransportError):
    """The answer was longer than `LARGEST_ANSWER`."""


def is_public(address: IPAddress) -> bool:
    """Whether an address belongs to the internet, not to this machine or a network around it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if any(address in detour for detour in _DETOURS):
            return False
    return address.is_global and not address.is_multicast


def resolve(host: str, port: int) -> list[IPAddress]:
    """Every address of a host. Raises `socket.gaierror`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))


class SafeTransport(httpx.BaseTransport):
    """What a client sends through: `resolve` finds the addresses of a host, each must be one that is `allowed`."""

    def __init__(
        self,
        *,
        resolve: Callable[[str, int], Sequence[IPAddress]] = resolve,
        allowed: Callable[[IPAddress], bool] = is_public,
        verify: ssl.SSLContext | bool = True,
        ports: Callable[[int], bool] = lambda port: port == 443 or port > 1023,
    ) -> None:
        self._resolve, self._allowed, self._ports = resolve, allowed, ports
        # A connection belongs to one name: kept ones would be found again by the address alone.
        self._inner = httpx.HTTPTransport(
            verify=verify, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host, port = self._checked(request.url)
        address = self._address_of(host, port)
        # The Host field keeps the name, and so does the check of the certificate.
        request.url = request.url.copy_with(host=str(address))
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.headers["Accept-Encoding"] = "identity"
        response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise AnswerTooLarge("The server packed its answer although it was asked not to.")
        if not isinstance(response.stream, httpx.SyncByteStream):
            raise TypeError("a synchronous answer was expected")
        response.stream = _CutOff(response.stream)
        return response

    def close(self) -> None:
        self._inner.close()

    def _checked(self, url: httpx.URL) -> tuple[str, int]:
        port = url.port or 443
        if url.scheme != "https":
            raise NotAllowed("Only addresses that begin with https:// are allowed.")
        if url.userinfo:
            raise NotAllowed("An address with a user name or password in it is not allowed.")
        if not url.host or not self._ports(port):
            raise NotAllowed(f"Port {port} is not allowed.")
        return url.raw_host.decode("ascii").strip("[]"), port

    def _address_of(self, host: str, port: int) -> IPAddress:
        try:
            addresses = self._resolve(host, port)
        except (socket.gaierror, UnicodeError) as error:
            raise httpx.ConnectError(f"There is no server named {host}.") from error
        if not addresses or not all(self._allowed(address) for address in addresses):
            # One bad address spoils the name: which of them a connection would take is up to whoever owns it.
            raise NotAllowed(f"{host} is not a server on the internet.")
        return addresses[0]


class _CutOff(httpx.SyncByteStream):
    """An answer that ends with `AnswerTooLarge` when it grows too long."""

    def __init__(self, inner: httpx.SyncByteStream) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._inner:
            size += len(piece)
            if size > LARGEST_ANSWER:
                raise AnswerTooLarge(f"The answer is longer than {LARGEST_ANSWER} bytes.")
            yield piece

    def close(self) -> None:
        self._inner.close()


def client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for one conversation with a server elsewhere. Its requests raise `httpx.HTTPError`, of which
    `NotAllowed` and `AnswerTooLarge` are kinds; a redirect is an answer like any other.
    """
    return httpx.Client(
        transport=transport or SafeTransport(), timeout=PATIENCE, follow_redirects=False, trust_env=False
    )
