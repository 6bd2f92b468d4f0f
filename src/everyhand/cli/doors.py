"""The sockets that the program listens on, opened before anything else: one that is taken is known at once."""

from __future__ import annotations

import socket

from django.conf import settings

from everyhand.channels.email.listener.certificate import Certificate

# By name: "web", "smtp" and "lmtp".
Doors = dict[str, socket.socket]


class PortTaken(Exception):
    """An address can't be listened on. The message names the setting, its value and the fix."""


def web_doors() -> Doors:
    """The one of the web server, unless `web` is off. Raises `PortTaken`."""
    return _opened(web=settings.EVERYHAND.web)


def mail_doors() -> Doors:
    """Those for mail that are set, "smtp" and "lmtp".

    Raises `PortTaken` and `CertificateUnusable`: both are known before anything runs.
    """
    if certificate := Certificate.from_settings():
        certificate.context()
    return _opened(smtp=settings.EVERYHAND.smtp, lmtp=settings.EVERYHAND.lmtp)


def handed_on(numbers: dict[str, int]) -> Doors:
    """Doors that another process opened, by the numbers of their sockets here."""
    return {name: socket.socket(fileno=number) for name, number in numbers.items()}


def open_door(variable: str, address: tuple[str, int]) -> socket.socket:
    """A listening socket for the setting `variable`. Raises `PortTaken`."""
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, since asyncio sends at once (TCP_NODELAY) on no other: an answer in two pieces would wait 40 ms for
    # the other side to say that it got the first (RFC 1122 section 4.2.3.2).
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        raise PortTaken(
            f"{variable} is “{host}:{port}”: {error.strerror}. Give another address, or stop what uses it."
        ) from None
    door.listen(512)
    door.setblocking(False)
    return door


def _opened(**addresses: tuple[str, int] | None) -> Doors:
    return {name: open_door(f"EVERYHAND_{name.upper()}", where) for name, where in addresses.items() if where}
