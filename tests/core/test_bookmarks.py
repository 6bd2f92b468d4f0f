"""A reader of the journal does something about each fact once, whatever happens in between."""

from __future__ import annotations

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
    reactions = {one: lambda entry, at: done.append(entry.action) for one in ("bread.baked", "bread.sold")}

    assert bookmarks.read_on("baker", reactions, at=NOON) == 3
    assert bookmarks.read_on("baker", reactions, at=NOON) == 0

    assert done == ["bread.baked", "bread.sold"]


def test_who_dies_in_between_finds_everything_undone_and_begins_again() -> None:
    happens("bread.baked", "bread.sold")

    def dies(entry: Entry, at: object) -> None:
        if entry.action == "bread.sold":
            raise OperationalError("the database went away")
        journal.note("bread.counted", subject="thing:1", at=NOON)

    reactions = {"bread.baked": dies, "bread.sold": dies}
    with pytest.raises(OperationalError):
        bookmarks.read_on("baker", reactions, at=NOON)

    assert Bookmark.objects.get().cursor == ""
    assert not Entry.objects.filter(action="bread.counted").exists()


def test_a_fact_somebody_stumbles_over_holds_up_nothing_and_is_tried_again() -> None:
    done: list[str] = []
    happens("bread.baked", "bread.sold")

    def stumbles(entry: Entry, at: object) -> None:
        raise ValueError("no flour")

    bookmarks.read_on("baker", {"bread.baked": stumbles, "bread.sold": lambda e, at: done.append(e.action)}, at=NOON)
    assert done == ["bread.sold"]
    assert Setback.objects.get().last_error == "ValueError: no flour"

    later = NOON + timedelta(minutes=2)
    setbacks = work.claim(Setback, at=later, limit=5)
    bookmarks.try_setbacks_again({"bread.baked": lambda e, at: done.append(e.action)}, setbacks, at=later)

    assert done == ["bread.sold", "bread.baked"]
    assert Setback.objects.get().done_at == later
