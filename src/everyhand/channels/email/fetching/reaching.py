"""The connection to an IMAP server: where it may lead, and how long it may take.

Whoever types the name of a server in the browser could make us talk to anything in our own network (server-side
request forgery, CWE-918). So a mailbox that was not connected from the shell is reached like any address that somebody
typed (`core.safe_http`): the name is resolved once, each of its addresses must be one of the internet or of a network
that the operator named, and the connection goes to an address that was checked. It is checked again each time, so a
name that means something else tomorrow gains nothing.
"""

from __future__ import annotations

import imaplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from types import TracebackType
from typing import Final, Self

from django.conf import settings
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import safe_http
from everyhand.core.safe_http import IPAddress

CONNECT_SECONDS: Final = 20.0
SILENT_SECONDS: Final = 90.0  # how long the server may say nothing in the middle of an answer


class NotEncrypted(Exception):
    """The server does not offer the encryption that is set, and without it nothing is said to it."""


class PrivateAddress(Exception):
    """The server lies in a private network that the operator did not name."""


class PortClosed(Exception):
    """The port belongs to another service than mail."""


@dataclass
class Deadline:
    """Used as a context: ends the connections made under it after `seconds`, however the other end drags it out."""

    seconds: float
    passed: bool = False
    _held: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._timer = threading.Timer(self.seconds, self._pass)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._timer.cancel()
        self._timer.join()
        for held in self._held:
            held.close()
        if self.passed and isinstance(error, Exception):
            raise TimeoutError(f"it took longer than {self.seconds:.0f} seconds") from error

    def watch(self, connected: socket.socket) -> None:
        """A copy of the socket stays ours whatever becomes of it, such as encryption on top."""
        self._held.append(connected.dup())
        if self.passed:
            self._pass()

    def _pass(self) -> None:
        self.passed = True
        for held in self._held:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


def connect(box: ConnectedMailbox, *, deadline: Deadline | None = None) -> IMAPClient:
    """A connection that is encrypted as `box` says. Raises what `diagnosis` explains."""
    client = _Client(box, deadline)
    # A command leaves in several small pieces, and none should wait for the answer to the one before.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if box.security == ConnectedMailbox.Security.STARTTLS:
        try:
            client.starttls(ssl.create_default_context())
        except BaseException as error:
            drop(client)
            if isinstance(error, IMAPClientError) and not isinstance(error, IMAPClient.AbortError):
                raise NotEncrypted(str(error)) from error
            raise
    return client


def drop(client: IMAPClient) -> None:
    """End a connection without a word."""
    with suppress(OSError, IMAPClientError):
        client.shutdown()


class _Client(IMAPClient):  # type: ignore[misc] # it tells no types
    """IMAPClient over a connection that we make ourselves."""

    def __init__(self, box: ConnectedMailbox, deadline: Deadline | None) -> None:
        self._box, self._deadline = box, deadline
        silent = min(SILENT_SECONDS, deadline.seconds) if deadline else SILENT_SECONDS
        super().__init__(
            box.host,
            port=box.port,
            ssl=box.security == ConnectedMailbox.Security.TLS,
            timeout=SocketTimeout(connect=CONNECT_SECONDS, read=silent),
        )

    def _create_IMAP4(self) -> imaplib.IMAP4:  # noqa: N802 (IMAPClient's name)
        return _Connection(self._box, self._deadline)


class _Connection(imaplib.IMAP4):
    def __init__(self, box: ConnectedMailbox, deadline: Deadline | None) -> None:
        self._box, self._deadline = box, deadline
        super().__init__(box.host, box.port)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002
        patience = min(CONNECT_SECONDS, self._deadline.seconds) if self._deadline else CONNECT_SECONDS
        connected = _reach(self._box, patience)
        if self._deadline:
            self._deadline.watch(connected)
        if self._box.security != ConnectedMailbox.Security.TLS:
            return connected
        # Checks the certificate and its name; SSL_CERT_FILE adds an authority of the company's own.
        return ssl.create_default_context().wrap_socket(connected, server_hostname=self._box.host)


def _reach(box: ConnectedMailbox, patience: float) -> socket.socket:
    if box.from_shell:
        return socket.create_connection((box.host, box.port), patience)
    if box.port not in (143, 993) and box.port < 1024:
        raise PortClosed(f"port {box.port}")
    addresses = safe_http.resolve(box.host, box.port)
    if not addresses or not all(_is_allowed(address) for address in addresses):
        raise PrivateAddress(f"{box.host} is not a server on the internet")
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((str(address), box.port), patience)
    return socket.create_connection((str(addresses[-1]), box.port), patience)


def _is_allowed(address: IPAddress) -> bool:
    networks = [ip_network(one) for one in settings.EVERYHAND.mailbox_networks]
    return safe_http.is_public(address) or any(address in network for network in networks)
