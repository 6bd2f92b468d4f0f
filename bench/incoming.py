"""Mail coming in: how many a second are accepted, and how many get as far as an owner and a promise."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import connection

from bench import floors
from bench.bringing import bring
from bench.figures import A_SECOND, Figure, of_memory, of_times
from bench.letters import letters_of
from bench.measuring import median
from bench.server import Server, everything, running
from everyhand.channels.email.accept import Arriving
from everyhand.channels.email.models import Mail

CONNECTIONS: Final = 8
WARM_UP: Final = 50
ROUNDS: Final = 3  # of filing
PATIENCE: Final = 600.0  # seconds until all of it must be filed


def accepted(data: Path, mails: int) -> Iterator[Figure]:
    """With the listener alone, so that nobody else writes."""
    letters = _letters(2 * mails + WARM_UP)
    raws = [one.raw for one in letters[:mails]]
    with running("smtp", data=data) as server:
        bring(letters[:WARM_UP], port=server.smtp, connections=1)
        for connections, first in ((1, WARM_UP), (CONNECTIONS, WARM_UP + mails)):
            brought = bring(letters[first : first + mails], port=server.smtp, connections=connections)
            floor = floors.durable_inserts(raws, a_commit=connections)
            what = f"mail accepted, {connections} connection{'s' if connections > 1 else ''}"
            yield Figure(what, A_SECOND, brought.a_second, floor=floor, times=mails)
            yield of_times("  until 250", brought.each)


def filed(data: Path, mails: int, *, called: str) -> Iterator[Figure]:
    """Two ways: what waited is filed by the worker alone; and all of it together while it comes in. By then all have
    started, parsers too, which do with the first mails. Each is the median of some rounds, since a disk that stands
    still for half a second is a third of one.
    """
    letters = iter(_letters(2 * ROUNDS * mails + WARM_UP))
    first = list(islice(letters, mails))
    floor = floors.parsed_and_inserted([one.raw for one in first])
    waited = [_waited(data, first), *(_waited(data, list(islice(letters, mails))) for _ in range(ROUNDS - 1))]
    there = sum(number for number, _seconds in waited)
    rate = median([number / seconds for number, seconds in waited])
    yield Figure(f"mail filed, {called}, what had waited", A_SECOND, rate, floor=floor, times=there)
    with running(*everything(), data=data) as server:
        bring(list(islice(letters, WARM_UP)), port=server.smtp, connections=CONNECTIONS)
        until_filed()
        rate = median([_both(server, list(islice(letters, mails))) for _ in range(ROUNDS)])
        what = f"mail accepted and filed, {called}"
        yield Figure(what, A_SECOND, rate, floor=floor, times=ROUNDS * mails)
        yield of_memory("memory of all processes, after that", server.memory)


def _waited(data: Path, letters: list[Arriving]) -> tuple[int, float]:
    """How many of these were left when the worker had started, which is not measured, and the seconds they took."""
    with running("smtp", data=data) as listener:
        bring(letters, port=listener.smtp, connections=CONNECTIONS)
    before = _pending()
    with running("worker", data=data):
        while (left := _pending()) == before:
            _a_moment()
        began = time.perf_counter()
        until_filed()
        return left, time.perf_counter() - began


def _both(server: Server, letters: list[Arriving]) -> float:
    """How many a second, from the first that is brought to the last that is filed."""
    brought = bring(letters, port=server.smtp, connections=CONNECTIONS)
    until_filed()
    return len(letters) / (time.perf_counter() - brought.began)


def _letters(number: int) -> list[Arriving]:
    return list(islice(letters_of(random.Random()), number))  # noqa: S311 (new mails each time, else they would be known)


def _pending() -> int:
    return Mail.objects.filter(outcome=Mail.Outcome.PENDING).count()


def until_filed() -> None:
    """Wait until no mail waits. Raises RuntimeError when that takes longer than `PATIENCE`."""
    give_up_at = time.monotonic() + PATIENCE
    while _pending():
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"{_pending()} mails were not filed within {PATIENCE:g} s")
        _a_moment()
    connection.close()


def _a_moment() -> None:
    time.sleep(0.02)
