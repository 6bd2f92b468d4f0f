"""What somebody typed into the search box: filters such as `owner:me` and `from:"Ada Brown"`, and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from everyhand.desk.filters import NAMES

_FILTER: Final = re.compile(rf'(?<!\S)({"|".join(NAMES)}):(?:"([^"]*)"|(\S+))', re.IGNORECASE)
# What looks like a filter; no address of a page, no time of day.
_LIKE_A_FILTER: Final = re.compile(r"(?<!\S)([^\W\d_]+):(?!//)\S")
_NUMBER: Final = re.compile(r"#?([0-9]{1,15})")


@dataclass(frozen=True)
class Asked:
    """`words` without the filters; `pairs` are (name, value) of each, `pieces` the same as they were typed."""

    typed: str
    words: str
    pairs: tuple[tuple[str, str], ...]
    pieces: tuple[str, ...]

    @property
    def strange(self) -> list[str]:
        """Names in `words` that look like a filter's and are none's."""
        return [found[1].lower() for found in _LIKE_A_FILTER.finditer(self.words)]

    @property
    def number(self) -> int | None:
        """The conversation that is asked for by its number, as in `#42`."""
        found = _NUMBER.fullmatch(self.words)
        return int(found[1]) if found else None

    def without(self, name: str) -> str:
        """What was typed but for the filters of this name."""
        kept = [piece for piece, (called, _value) in zip(self.pieces, self.pairs, strict=True) if called != name]
        return " ".join([*kept, self.words]).strip()


def read(typed: str) -> Asked:
    """Every text can be read. A name that is no filter's, as in `Re:`, is a word."""
    found = list(_FILTER.finditer(typed))
    pairs = tuple((one[1].lower(), one[2] if one[2] is not None else one[3]) for one in found)
    words = " ".join(_FILTER.sub(" ", typed).split()) if found else typed
    return Asked(typed, words, pairs, tuple(one[0] for one in found))
