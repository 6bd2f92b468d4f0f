"""How fast mail is accepted and filed, for `everyhand bench filing`: into the data of a directory, which grows by it.

Three in ten mails open a conversation, the others answer one, as in life. Beside the figures stands a floor: the same
number of mails kept with one durable insert each, and nothing understood.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from django.db import connection
from django.utils import timezone

from bench.letters import letters_of
from bench.measuring import Cost, cost, environment
from everyhand.channels.email import accept, file
from everyhand.channels.email.authentication import Judge
from everyhand.channels.email.models import Mail
from everyhand.conversations.models import Conversation

ACCEPTED_AT_ONCE = 8  # as many as connections bring mail at the same time


def main() -> None:
    mails = int(sys.argv[2])
    print(environment())
    print(f"{Conversation.objects.count():,} conversations before; {mails:,} mails")
    rng = random.Random()  # noqa: S311 (new mails each time, else they would be known)
    letters = list(itertools.islice(letters_of(rng), mails + file.TOGETHER))
    # The name system is not what is measured, and a benchmark asks nobody outside.
    filer = file.Filer(parsers=1, judge=Judge(verify=False))
    try:
        _accept(letters[mails:])
        _file(filer)  # everything is loaded now
        _tell("one durable insert (floor)", mails, _floor(letters[:mails]))
        with cost() as accepting:
            _accept(letters[:mails])
        _tell(f"accepted, {ACCEPTED_AT_ONCE} a commit", mails, accepting)
        statements = itertools.count()
        with connection.execute_wrapper(_counting(statements)), cost() as filing:
            filed = _file(filer)
        _tell("filed, owner and promise", filed, filing, f"{next(statements) / filed:.1f} statements each")
    finally:
        filer.close()


def _accept(letters: list[accept.Arriving]) -> None:
    for first in range(0, len(letters), ACCEPTED_AT_ONCE):
        accept.accept_many(letters[first : first + ACCEPTED_AT_ONCE], at=timezone.now())


def _file(filer: file.Filer) -> int:
    filed = 0
    while mails := file.claim(at=timezone.now(), limit=128):
        filer.file(mails, at=timezone.now())
        filed += Mail.objects.filter(pk__in=[mail.pk for mail in mails], outcome=Mail.Outcome.FILED).count()
    return filed


def _floor(letters: list[accept.Arriving]) -> Cost:
    with tempfile.TemporaryDirectory() as folder, cost() as spent:
        database = sqlite3.connect(Path(folder) / "floor.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, content BLOB)")
        for one in letters:
            database.execute("INSERT INTO mail (content) VALUES (?)", (one.raw,))
        database.close()
    return spent


def _counting(statements: Iterator[int]) -> Callable[..., object]:
    def count(execute: Callable[..., object], *call: object) -> object:
        next(statements)
        return execute(*call)

    return count


def _tell(what: str, number: int, spent: Cost, more: str = "") -> None:
    rate, each = number / spent.clock, spent.processor / number * 1000
    print(f"{what:30}{rate:>10,.0f} a second{each:>10.2f} ms of processor each  {more}")
