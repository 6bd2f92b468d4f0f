"""What somebody meant who mistyped."""

from __future__ import annotations

import pytest

from everyhand.core.search.similar import closest, distance


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("paper", "paper", 0),
        ("papre", "paper", 1),
        ("pper", "paper", 1),
        ("papper", "paper", 1),
        ("pager", "paper", 1),
        ("ca", "abc", 3),
        ("", "abc", 3),
        ("kitten", "sitting", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, slips: int) -> None:
    assert distance(one, other, most=9) == distance(other, one, most=9) == slips
    assert (distance(one, other, most=1) <= 1) == (slips <= 1)


def test_the_closest_word_wins_and_among_equals_the_most_frequent() -> None:
    documents = [["paper", "papers"], ["paper"], ["papel"], ["pepper"]]
    assert closest("papet", documents) == "paper"
    assert closest("papr", documents) == "paper"


def test_what_is_not_alike_is_left_alone() -> None:
    assert closest("paper", [["paper"], ["letter"], ["paint"]]) is None
    assert closest("crosswort", [["crossroad"]]) is None
