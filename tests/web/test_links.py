"""Addresses in what somebody wrote are links, however the lines without any are passed over."""

from __future__ import annotations

import pytest
from jinja2.utils import urlize

from everyhand.web.links import linked

WORDS = (
    "No paper on route 4 today.\nIt rains.\n\nAda",
    "See https://round.example/a?b=1&c=2, please.\nOr write to ada@example.org\nor mailto:bea@example.org.",
    "WWW.ROUND.EXAMPLE and (www.round.example)",
    "round.com\nRound.ORG/path\nround.example",
    '<b>bold</b> & "quoted"\n<a href="https://round.example">here</a>',
    "tabs\tand\r\nreturns https://round.example\r\n",
    "",
)


@pytest.mark.parametrize("words", WORDS)
def test_they_are_the_links_that_jinja_makes(words: str) -> None:
    assert linked(words) == urlize(words, rel="noopener noreferrer nofollow", target="_blank")
