"""The pieces of the index of words on SQLite: who commits leaves them, and the worker merges them."""

from __future__ import annotations

import pytest
from django.db import connection

from bench.pieces import RAISED, raise_levels
from everyhand.core import search
from everyhand.core.search import merging

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _nothing_in_the_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_document_index (core_document_index) VALUES ('delete-all')")


def put(numbers: range) -> None:
    """Each with a commit of its own, as replies are."""
    for number in numbers:
        search.put(number, group=1, texts=[f"The kettle is cold, for the {number}th time."])


def pieces() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT segid) FROM core_document_index_idx")
        return int(cursor.fetchone()[0])


def large() -> merging.Level:
    return list(merging._levels())[RAISED]


def found(words: str) -> int:
    return search.matching(search.read(words)).count()


def changes() -> int:
    return int(connection.connection.total_changes)


def test_whoever_commits_merges_nothing_and_the_worker_all_of_it() -> None:
    put(range(12))
    assert pieces() == 12
    merging.merge_some()
    assert pieces() == 1
    assert found("kettle") == 12


@pytest.mark.parametrize("number", [1, 3, 4, 200, 1500])
def test_the_worker_writes_only_while_there_is_something_to_merge(number: int) -> None:
    put(range(number))
    written = []
    for _ in range(number // 100 + 2):
        before = changes()
        merging.merge_some()
        written.append(changes() > before)
    assert written == sorted(written, reverse=True)
    assert not written[-1]
    assert pieces() < merging.ENOUGH * 3
    assert found("kettle") == number


def test_while_small_pieces_are_urgent_large_ones_are_in_no_hurry() -> None:
    for number in range(merging.ENOUGH):
        search.put(number, group=1, texts=[" ".join(f"word{number}x{place}" for place in range(9_000))])
    raise_levels()
    merging.merge_some()
    put(range(100, 100 + merging.CROWDED))
    before = large()
    assert before.going_on
    assert merging.merge_some() == merging.CROWDED
    assert pieces() == before.pieces + len(["what is being made of them", "of the small ones"])
    assert before.pages - large().pages < merging.LITTLE
    assert found("kettle") == merging.CROWDED


def test_nothing_was_ever_written() -> None:
    before = changes()
    merging.merge_some()
    assert changes() == before


def test_without_a_worker_pieces_do_not_gather_for_ever() -> None:
    put(range(300))
    assert pieces() < 40
    assert found("kettle") == 300
