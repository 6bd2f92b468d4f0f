"""The disk fills up: it is told of once, and again when there is room."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from everyhand.cli import reactions
from everyhand.core import disk, journal
from everyhand.notices import words
from everyhand.notices.models import Kind, Notice
from tests.cast import NOON, Cast, minutes

Free = Callable[[float], None]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Free:
    """Says how much of a disk of 100 GB is free, as a part of it."""

    def say(part: float) -> None:
        whole = 100_000_000_000
        usage = type(shutil.disk_usage("/"))(whole, int(whole * (1 - part)), int(whole * part))
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)

    return say


def test_it_turns_once_below_a_tenth_and_back_a_little_above(free: Free, db: None) -> None:
    turned = []
    for at, part in enumerate((0.5, 0.1, 0.099, 0.05, 0.11, 0.12, 0.5)):
        free(part)
        turned.append(disk.watch(Path("/"), at=NOON + minutes(at)))
    assert turned == [False, False, True, False, False, True, False]
    assert [entry.action for entry in journal.about(disk.SUBJECT)] == ["disk.short", "disk.well"]


@pytest.mark.django_db(transaction=True)
def test_the_administrators_are_told_until_there_is_room(free: Free, cast: Cast) -> None:
    free(0.08)
    disk.watch(Path("/"), at=NOON)
    reactions.react(NOON)
    told = Notice.objects.get()
    assert (told.member, told.kind) == (cast.ines, Kind.TROUBLE)
    assert words.what_happened(told) == "The disk is nearly full: 8 % are free"

    free(0.5)
    disk.watch(Path("/"), at=NOON + minutes(1))
    reactions.react(NOON + minutes(1))
    assert not Notice.objects.filter(read_at=None).exists()
