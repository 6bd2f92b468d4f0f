"""Live delivery: how long after a mail was accepted an open page is told of it."""

from __future__ import annotations

import random
import re
import selectors
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from time import perf_counter
from typing import Final

from django.db import connection

from bench.bringing import Envelope, Sender, ready_to_send
from bench.figures import Figure, of_times
from bench.letters import letters_of
from bench.reader import Reader
from bench.server import HOST, Server
from everyhand.people.models import Member, Role

STREAMS_EACH: Final = 10  # of one member; more than twelve are refused
PATIENCE: Final = 30.0


def told(server: Server, mails: int, streams: Sequence[int]) -> Iterator[Figure]:
    """With so many pages open, of people who see every queue, so that each of them is told of every mail."""
    for number in streams:
        letters = islice(letters_of(random.Random(), public=True), mails)  # noqa: S311 (new mails each time)
        with closing(Pages(server.web, number)) as pages, closing(Sender(server.smtp)) as sender:
            times = [one for letter in letters for one in pages.times_of(ready_to_send(letter), sender)]
        yield of_times(f"a mail is seen, {number} page{'s' if number > 1 else ''} open", times, note="500 at p99")


class Pages:
    """So many open streams of server-sent events."""

    def __init__(self, port: int, number: int) -> None:
        members = Member.objects.filter(role__in=(Role.SPECIALIST, Role.ADMIN)).order_by("pk")
        readers = [Reader(one, port) for one in members[: -(-number // STREAMS_EACH)]]
        self._selector = selectors.DefaultSelector()
        self._doors = []
        for place in range(number):
            reader = readers[place // STREAMS_EACH]
            door = socket.create_connection((HOST, port), timeout=PATIENCE)
            door.sendall(f"GET /live HTTP/1.1\r\nHost: {HOST}:{port}\r\nCookie: {reader.cookies}\r\n\r\n".encode())
            if b" 200 " not in door.recv(65536):
                raise RuntimeError("a page may not listen")
            self._doors.append(door)
            self._selector.register(door, selectors.EVENT_READ)
        for reader in readers:
            reader.close()
        connection.close()

    def times_of(self, letter: Envelope, sender: Sender) -> list[float]:
        """Seconds from the moment at which this mail was accepted until each page was told of a message."""
        self._listen_until_quiet()
        sender.send(letter)
        accepted_at = perf_counter()
        times: dict[int, float] = {}
        while len(times) < len(self._doors):
            if perf_counter() - accepted_at > PATIENCE:  # a stream is never quiet for long: it says that it lives
                raise RuntimeError("a page was not told of a mail")
            for key, _ in self._selector.select(PATIENCE):
                heard = _read(key.fileobj)
                if re.search(rb'"action": "message.received"', heard):
                    times.setdefault(key.fd, max(perf_counter() - accepted_at, 0.0))
        return list(times.values())

    def close(self) -> None:
        for door in self._doors:
            door.close()
        self._selector.close()

    def _listen_until_quiet(self) -> None:
        while ready := self._selector.select(0.3):
            for key, _ in ready:
                _read(key.fileobj)


def _read(door: object) -> bytes:
    if not isinstance(door, socket.socket):
        raise TypeError
    heard = door.recv(65536)
    if not heard:
        raise RuntimeError("a page that listened was hung up on")
    return heard
