"""Addresses in plain words, as links."""

from __future__ import annotations

import re
from typing import Final

from jinja2.utils import urlize
from markupsafe import Markup, escape

# What a line with something that `urlize` may take for an address has in it; most lines have none of it.
_MAYBE: Final = re.compile(r"@|://|www\.|\.(?:com|net|int|edu|gov|org|info|mil)", re.IGNORECASE)


def linked(words: str) -> Markup:
    """Escaped, with each address of a page or of a mailbox as a link that opens beside this page."""
    return Markup("\n").join(
        Markup(urlize(line, rel="noopener noreferrer nofollow", target="_blank"))  # noqa: S704 (it escapes the words)
        if _MAYBE.search(line)
        else escape(line)
        for line in words.split("\n")
    )
