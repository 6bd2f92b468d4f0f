"""Mail servers that bring mail over SMTP: some connections at once, each sending one mail after the other.

They speak to sockets themselves, and name sender and recipient in one go (RFC 2920), as Postfix does: a client that
takes its time would be measured instead of the server.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter
from typing import TYPE_CHECKING

from bench.server import HOST

if TYPE_CHECKING:  # the process that sends has no Django
    from everyhand.channels.email.accept import Arriving

Envelope = tuple[str, str, bytes]  # sender, recipient, mail


@dataclass(frozen=True)
class Brought:
    """How long each mail took until it was accepted, and all of them together, in seconds. `began` is of
    `perf_counter`, which all processes of a machine share.
    """

    each: list[float]
    all: float
    began: float

    @property
    def a_second(self) -> float:
        return len(self.each) / self.all


def ready_to_send(letter: Arriving) -> Envelope:
    return letter.envelope_from, letter.envelope_to[0], letter.raw


def bring(letters: Sequence[Arriving], *, port: int, connections: int) -> Brought:
    """Bring all letters to the server, from a process of its own. Raises RuntimeError when one is not accepted."""
    ready = [ready_to_send(one) for one in letters]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
        elsewhere.submit(int).result()  # it runs now
        return elsewhere.submit(_bring, ready, port, connections).result()


def _bring(letters: list[Envelope], port: int, connections: int) -> Brought:
    shares = [letters[place::connections] for place in range(connections)]
    with ThreadPoolExecutor(connections) as together:
        senders = list(together.map(lambda _: Sender(port), shares))
        began = perf_counter()
        times = list(together.map(lambda sender, share: [sender.send(letter) for letter in share], senders, shares))
        took = perf_counter() - began
        for sender in senders:
            sender.close()
    return Brought([one for share in times for one in share], took, began)


class Sender:
    """One connection to the server."""

    def __init__(self, port: int) -> None:
        self._door = socket.create_connection((HOST, port), timeout=60)
        self._door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expect(b"220", 1)
        self._door.sendall(b"EHLO bench.example\r\n")
        heard = b""
        while b"\r\n250 " not in heard:
            heard += self._door.recv(4096)

    def send(self, letter: Envelope) -> float:
        """Seconds until it was accepted."""
        sender, recipient, raw = letter
        stuffed = raw.replace(b"\r\n.", b"\r\n..")
        began = perf_counter()
        self._door.sendall(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode())
        self._expect(b"354", 3)
        self._door.sendall(stuffed + b".\r\n")
        self._expect(b"250", 1)
        return perf_counter() - began

    def close(self) -> None:
        self._door.close()

    def _expect(self, code: bytes, replies: int) -> None:
        """So many lines of reply, the last of them with this code."""
        heard = b""
        while heard.count(b"\r\n") < replies:
            piece = self._door.recv(4096)
            if not piece:
                raise RuntimeError(f"the server hung up after {heard!r}")
            heard += piece
        if not heard.splitlines()[-1].startswith(code):
            raise RuntimeError(f"the server said {heard!r}")
