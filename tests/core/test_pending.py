"""New words do not wait in a list that each search on PostgreSQL would have to read."""

from __future__ import annotations

import pytest

from everyhand.core import search
from everyhand.core.postgresql import pending

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_new_words_are_sorted_in_once_and_found_before_and_after() -> None:
    for number in range(1, 40):
        search.put(number, group=1, texts=[f"The kettle is cold, for the {number}th time."])
    assert found("kettle") == 39
    assert pending.sort_in() > 0
    assert pending.sort_in() == 0
    assert found("kettle") == 39


def found(words: str) -> int:
    return search.matching(search.read(words)).count()
