"""The table of the comparison: a line a desk below each thing measured, and how many times ours it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from bench.measuring import median, percentile

FILED, MEMORY = "filed", "memory"
VISITS: Final = ("list", "ticket", "search", "reply")
TITLES: Final = {
    FILED: "mails filed a second",
    "list": "the list on which work begins, ms",
    "ticket": "one ticket of 20 messages, ms",
    "search": "search, a middling word, ms",
    "reply": "reply, ms",
    MEMORY: "memory of all its processes, MB",
}
WIDTH: Final = 36


@dataclass(frozen=True)
class Measured:
    """Something that one desk was measured at, once."""

    desk: str
    served: str
    what: str
    value: float


@dataclass(frozen=True)
class Line:
    """What one desk came to at something. `times_ours` is above 1 for whoever is slower, or larger, than we are; of a
    rate, for whoever does less."""

    what: str
    desk: str
    median: float
    p99: float | None
    times_ours: float
    times: int


def lines_of(measured: Sequence[Measured]) -> Iterator[Line]:
    """One for each desk, which come in order of their first measurement: ours is the first."""
    desks = dict.fromkeys(one.desk for one in measured)
    for what in TITLES:
        values = {desk: [one.value for one in measured if (one.desk, one.what) == (desk, what)] for desk in desks}
        ours = median(next(iter(values.values())))
        for desk, theirs in values.items():
            typical = median(theirs)
            ratio = ours / typical if what == FILED else typical / ours
            slow = percentile(theirs, 99) if what in VISITS else None
            yield Line(what, desk, typical, slow, ratio, len(theirs))


def show(
    surroundings: Mapping[str, str | int], measured: Sequence[Measured], absent: Mapping[str, str], *, as_json: bool
) -> None:
    """`absent`: the desks that could not be had, and why."""
    lines = list(lines_of(measured))
    served = {one.desk: one.served for one in measured}
    if as_json:
        told = {"environment": surroundings, "served": served, "absent": absent, "figures": [asdict(x) for x in lines]}
        print(json.dumps(told, indent=2))
        return
    print(", ".join(f"{name} {value}" for name, value in surroundings.items()))
    for desk, how in served.items():
        print(f"{desk}: {how}")
    print(*_table(lines), sep="\n")
    for desk, why in absent.items():
        print(f"{desk}: not present, {why}")


def _table(lines: Iterable[Line]) -> Iterator[str]:
    yield f"{'':{WIDTH}}{'median':>10}{'p99':>10}{'times ours':>12}"
    titled = ""
    for line in lines:
        if line.what != titled:
            titled = line.what
            yield TITLES[titled]
        slow = "" if line.p99 is None else _number(line.p99)
        yield f"  {line.desk:{WIDTH - 2}}{_number(line.median):>10}{slow:>10}{_number(line.times_ours):>12}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
