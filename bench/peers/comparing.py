"""`everyhand bench peers`: every desk takes the past, then all are visited in turn, and one table shows them together.

    python -m bench peers [--json] [--small] [--only NAME]... [--environments DIR] in the data directory to measure in

What the others hold lies beside that directory and is gone afterwards.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Final

import click
from django.conf import settings

from bench import settling
from bench.conversation import LONG_ONES
from bench.figures import environment
from bench.interrupting import leave_when_interrupted
from bench.letters import Letter, written_by
from bench.peers import looking
from bench.peers.desk import Desk
from bench.peers.django_helpdesk import DjangoHelpdesk
from bench.peers.environments import NotPresent
from bench.peers.ourselves import Everyhand
from bench.peers.past import Past
from bench.peers.roundup import Roundup
from bench.peers.table import FILED, MEMORY, Measured, show
from everyhand.conversations.models import Conversation, Message, Status
from everyhand.people.models import Member, Role

PEERS: Final = ("django-helpdesk", "roundup", "request-tracker")
WARM_UP: Final = 3
FIRST_MAILS: Final = 5
REPLIED_TO: Final = 10
# A middling word stands in about this share of all messages.
MIDDLING, SAMPLE, WORDS = 0.01, 3_000, 10


@dataclass(frozen=True)
class Size:
    """How much of everything: visits of each kind, and so many times so many mails."""

    visits: int = 100
    rounds: int = 4
    mails: int = 300


FULL: Final = Size()
SMALL: Final = Size(visits=3, rounds=1, mails=10)


def main() -> None:
    parser = argparse.ArgumentParser(prog="everyhand bench peers")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--environments", type=Path)
    asked = parser.parse_args(sys.argv[2:])
    leave_when_interrupted()
    size = SMALL if asked.small else FULL
    surroundings = environment(settings.EVERYHAND.data)
    settling.catch_up(settings.EVERYHAND.data)
    with _folder() as folder:
        desks, absent = _prepared(asked.only or PEERS, folder, asked.environments or folder / "environments")
        measured = Comparison(desks, size).measured()
    show(surroundings, measured, absent, as_json=asked.json)


@contextmanager
def _folder() -> Iterator[Path]:
    """Beside the data, so that all of them are on the same disk."""
    folder = Path(tempfile.mkdtemp(prefix="everyhand-bench-", dir=settings.EVERYHAND.data.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepared(names: Sequence[str], folder: Path, environments: Path) -> tuple[list[Desk], dict[str, str]]:
    """Those that can be had, ours first, with the past in them; and why the others can't."""
    past, absent = Past(), {}
    desks: list[Desk] = [Everyhand(settings.EVERYHAND.data, _reader())]
    for name in names:
        home = folder / name
        home.mkdir()
        desk = _peer(name, home, environments)
        try:
            print(f"{desk.name} takes the past …", file=sys.stderr, flush=True)
            desk.prepare(past)
        except NotPresent as missing:
            absent[desk.name] = str(missing)
        else:
            desks.append(desk)
    return desks, absent


def _peer(name: str, home: Path, environments: Path) -> Desk:
    match name:
        case "django-helpdesk":
            return DjangoHelpdesk(home, environments)
        case "roundup":
            return Roundup(home, environments)
        case "request-tracker":
            from bench.peers.request_tracker import RequestTracker  # noqa: PLC0415 (not everybody has psycopg)

            return RequestTracker(home)
        case _:
            raise ValueError(name)


def _reader() -> Member:
    """Somebody who sees every queue, as the administrators of the others do."""
    return Member.objects.filter(role=Role.SPECIALIST).order_by("pk")[0]


class Comparison:
    """Visits all desks in turn, so that whatever else the machine does disturbs each of them alike."""

    def __init__(self, desks: Sequence[Desk], size: Size) -> None:
        self._desks, self._size = desks, size
        visible = Conversation.objects.exclude(team__private=True)
        long = visible.filter(pk__gt=1, pk__lte=1 + LONG_ONES)
        self._long = cycle(list(long.order_by("pk").values_list("pk", flat=True)))
        open_ones = visible.filter(status=Status.OPEN).order_by("-pk")[:REPLIED_TO]
        self._open = cycle([one.pk for one in open_ones])
        self._words = cycle(list(_middling_words()))
        # All of them now, so that none answers what only one of the desks knows.
        letters = written_by(random.Random())  # noqa: S311 (new mails each time, else they would be known)
        self._first = list(islice(letters, FIRST_MAILS))
        self._letters = [list(islice(letters, size.mails)) for _ in range(size.rounds)]
        self._measured: list[Measured] = []

    def measured(self) -> list[Measured]:
        with ExitStack() as all_of_them:
            for desk in self._desks:
                all_of_them.enter_context(desk.serving())
            with click.progressbar(range(-WARM_UP, self._size.visits), label="Visits", file=sys.stderr) as turns:
                for times in turns:
                    self._visit(counts=times >= 0, number=times + WARM_UP)
            for desk in self._desks:
                _filed_a_second(desk, self._first)  # what is loaded with the first mail is loaded now
            with click.progressbar(self._letters, label="Mails", file=sys.stderr) as hundreds:
                for letters in hundreds:
                    for desk in self._desks:
                        self._tell(desk, FILED, _filed_a_second(desk, letters))
            for desk in self._desks:
                self._tell(desk, MEMORY, desk.memory / 1_000_000)
        return self._measured

    def _visit(self, *, counts: bool, number: int) -> None:
        """Each page of each desk once; the first ones are looked at instead of timed."""
        long, answered, word = next(self._long), next(self._open), next(self._words)
        for desk in self._desks:
            answer = desk.answering(answered, f"It is on its way, {number}.")
            if not counts:
                looking.at_the_list(desk)
                looking.at_a_ticket(desk, long)
                looking.at_a_search(desk, word)
                looking.at_a_reply(desk, answer)
                continue
            visits: dict[str, Callable[[], object]] = {
                "list": desk.list,
                "ticket": partial(desk.ticket, long),
                "search": partial(desk.search, word),
                "reply": answer,
            }
            for kind, visit in visits.items():
                began = perf_counter()
                visit()
                self._tell(desk, kind, (perf_counter() - began) * 1000)

    def _tell(self, desk: Desk, what: str, value: float) -> None:
        self._measured.append(Measured(desk.name, desk.served, what, value))


def _filed_a_second(desk: Desk, letters: Sequence[Letter]) -> float:
    before = desk.messages()
    seconds = desk.file(letters)
    filed = desk.messages() - before
    if filed != len(letters):
        raise RuntimeError(f"{desk.name} filed {filed} of {len(letters)} mails")
    return filed / seconds


def _middling_words() -> Iterator[str]:
    newest = Message.objects.filter(direction=Message.Direction.IN).order_by("-pk")[:SAMPLE]
    texts = [set(one.reply.lower().replace(".", "").split()) for one in newest]
    stands_in = Counter(word for words in texts for word in words if len(word) >= 4)
    middling = sorted(stands_in, key=lambda word: (abs(stands_in[word] / len(texts) - MIDDLING), word))
    yield from middling[:WORDS]
