"""Places in a canned reply that are filled in when it is used: "{first name}" becomes Ada. A pure module.

There are these places and no others, and a place is all there is: nothing is computed, looked up by a path or done
twice. Whatever else has brackets, dollars or percent signs stays the text it is (`{{7*7}}`, `{0.__class__}`, `{% load
%}`, `${HOME}`, `<%= 1 %>`), and so does what a value says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

NAMES: Final = ("first name", "name", "company", "number", "subject", "my first name", "my name")

_PLACE: Final = re.compile(
    r"(?<![{$%#])\{(" + "|".join(name.replace(" ", "(?: |\u00a0|&nbsp;)") for name in NAMES) + r")\}(?!\})"
)
# Words alone in brackets, as one writes a place.
_LIKE_A_PLACE: Final = re.compile(r"(?<![{$%#])\{([^\W\d_]+(?:[ \u00a0_-]?[^\W\d_]+){0,3})\}(?!\})")
_TITLES: Final = frozenset(("dr", "prof", "mr", "mrs", "ms", "herr", "frau", "hr", "fr", "dipl", "ing", "med"))


@dataclass(frozen=True)
class Filled:
    """Words with their places filled; `missing` are the names of places that still stand, as nothing is known."""

    words: str
    missing: tuple[str, ...]


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """`text` with each place filled with its value; "" and a lacking one count as not known."""
    return _fill(text, values, str)


def fill_html(html: str, values: Mapping[str, str]) -> Filled:
    """The same for cleaned HTML: a value is text there, too."""
    return _fill(html, values, escape)


def unfilled(text: str) -> tuple[str, ...]:
    """The names of the places that still stand in `text`, each once, in their order."""
    return fill(text, {}).missing


def unknown(text: str) -> tuple[str, ...]:
    """What stands in `text` like a place and is none of NAMES, each once, in their order."""
    found = [one[1] for one in _LIKE_A_PLACE.finditer(text)]
    return tuple(dict.fromkeys(one for one in found if " ".join(one.split()) not in NAMES))


def first_name(name: str) -> str:
    """By which somebody is addressed: "Dr. Ada M. Brown" and "Brown, Ada" are Ada. "" when the name says none."""
    last, comma, first = name.partition(",")
    words = (first if comma and len(last.split()) < 3 else name).split()
    spoken = [word for word in words if word.rstrip(".").casefold() not in _TITLES]
    if not spoken or not spoken[0].replace("-", "").replace("’", "").replace("'", "").isalpha() or len(spoken[0]) < 2:
        return ""
    return spoken[0]


def _fill(text: str, values: Mapping[str, str], as_words: Callable[[str], str]) -> Filled:
    missing: dict[str, None] = {}

    def value(found: re.Match[str]) -> str:
        name = " ".join(found[1].replace("&nbsp;", " ").split())
        known = " ".join(values.get(name, "").split())
        if not known:
            missing[name] = None
        return as_words(known) if known else f"{{{name}}}"

    return Filled(_PLACE.sub(value, text), tuple(missing))
