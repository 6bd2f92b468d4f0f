"""A reader of the journal does something about each fact once, whatever happens in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import OperationalError

from everyhand.core import bookmarks, journal, work
from everyhand.core.bookmarks import Bookmark, Setback
from everyhand.core.journal import Entry
from tests.cast import NOON

pytestmark = pytest.mark.django_db(transaction=True)  # PostgreSQL tells a reader only what was committed


def happens(*actions: str) -> None:
    for action in actions:
        journal.note(action, subject="thing:1", at=NOON)


def test_each_fact_is_reacted_to_once_and_in_order() -> None:
    done: list[str] = []
    happens("bread.baked", "bread.seen", "bread.sold")

    def note(entries: Sequence[Entry], at: object) -> None:
        done.extend(entry.action for entry in entries)

    assert bookmarks.read_on("baker", {"bread.baked", "bread.sold"}, note, at=NOON) == 3
    assert bookmarks.read_on("baker", {"bread.baked", "bread.sold"}, note, at=NOON) == 0

    assert done == ["bread.baked", "bread.sold"]


def test_who_dies_in_between_finds_everything_undone_and_begins_again() -> None:
    happens("bread.baked", "bread.sold")

    def dies(entries: Sequence[Entry], at: object) -> None:
        journal.note("bread.counted", subject="thing:1", at=NOON)
        raise OperationalError("the database went away")

    with pytest.raises(OperationalError):
        bookmarks.read_on("baker", {"bread.baked", "bread.sold"}, dies, at=NOON)

    assert Bookmark.objects.get().cursor == ""
    assert not Entry.objects.filter(action="bread.counted").exists()


def test_a_fact_somebody_stumbles_over_holds_up_nothing_and_is_tried_again() -> None:
    done: list[str] = []
    happens("bread.baked", "bread.sold")

    def sell(entries: Sequence[Entry], at: object) -> None:
        done.extend(entry.action for entry in entries)
        if any(entry.action == "bread.baked" for entry in entries):
            journal.note("bread.counted", subject="thing:1", at=NOON)
            raise ValueError("no flour")

    bookmarks.read_on("baker", {"bread.baked", "bread.sold"}, sell, at=NOON)
    assert done == ["bread.baked", "bread.sold", "bread.baked", "bread.sold"]  # together, then one by one
    assert Setback.objects.get().last_error == "ValueError: no flour"
    assert not Entry.objects.filter(action="bread.counted").exists()

    later = NOON + timedelta(minutes=2)
    setbacks = work.claim(Setback, at=later, limit=5)
    bookmarks.try_setbacks_again(lambda entries, at: done.extend(one.action for one in entries), setbacks, at=later)

    assert done[4:] == ["bread.baked"]
    assert Setback.objects.get().done_at == later
