"""Everyhand, on the data that all the others are given the past of."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from django.db import connection

from bench.bringing import bring
from bench.incoming import CONNECTIONS, until_filed
from bench.letters import Letter, to_us
from bench.peers.desk import Desk
from bench.peers.past import Past
from bench.reader import TOKEN, Reader
from bench.server import Server, everything, running
from bench.session import form_with
from everyhand import __version__
from everyhand.conversations.models import Message
from everyhand.people.models import Member


class Everyhand(Desk):
    """One process tree as `everyhand serve` starts it; mail comes over SMTP on several connections."""

    name = f"Everyhand {__version__}"
    link = re.compile(r"/conversations/(\d+)")

    def __init__(self, data: Path, member: Member) -> None:
        database = "SQLite" if connection.vendor == "sqlite" else "PostgreSQL"
        self.served = f"everyhand {', '.join(everything())}; {database}"
        self._data, self._member = data, member
        self._server: Server | None = None

    def prepare(self, past: Past) -> None:
        """It is its own."""

    @contextmanager
    def serving(self) -> Iterator[None]:
        with running(*everything(), data=self._data) as self._server:
            self.session = Reader(self._member, self._server.web)
            yield
            self.session.close()

    def list(self) -> str:
        return self.session.read("/inbox/everyone")

    def ticket(self, number: int) -> str:
        return self.session.read(f"/conversations/{number}")

    def search(self, word: str) -> str:
        return self.session.read(f"/search?q={word}+")

    def answering(self, number: int, text: str) -> Callable[[], object]:
        page = self.ticket(number)
        newest = Message.objects.filter(conversation=number).order_by("-pk").values_list("pk", flat=True)[0]
        typed = {TOKEN: form_with(TOKEN, page)[TOKEN], "text": text, "seen": str(newest)}
        return lambda: self.session.send(f"/conversations/{number}/replies", typed)

    def file(self, letters: Sequence[Letter]) -> float:
        if self._server is None:
            raise RuntimeError("it does not run")
        arriving = [to_us(letter) for letter in letters]
        brought = bring(arriving, port=self._server.smtp, connections=CONNECTIONS)
        until_filed()
        return perf_counter() - brought.began

    def messages(self) -> int:
        return Message.objects.count()

    @property
    def memory(self) -> int:
        time.sleep(1)  # what a page set off is done
        return self._server.memory if self._server else 0
