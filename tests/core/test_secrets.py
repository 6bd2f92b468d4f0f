"""Secrets are sealed where they are stored, and the key is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.test.utils import override_settings

from everyhand.core import secrets
from everyhand.core.secrets import KEYS, CannotOpen


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> Iterator[Path]:
    with override_settings(EVERYHAND=replace(settings.EVERYHAND, data=tmp_path)):
        yield tmp_path


def test_a_sealed_secret_shows_nothing_and_opens_again() -> None:
    sealed = secrets.seal("riverside ü")

    assert "riverside" not in sealed
    assert secrets.unseal(sealed) == "riverside ü"


def test_only_we_may_read_the_key(data: Path) -> None:
    secrets.seal("riverside")

    assert (data / KEYS).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data.iterdir()] == [KEYS]


def test_without_its_key_nothing_opens_and_the_reader_is_told_what_to_do(data: Path) -> None:
    sealed = secrets.seal("riverside")
    (data / KEYS).unlink()

    with pytest.raises(CannotOpen, match=r"Put back the file that belongs to this database"):
        secrets.unseal(sealed)


def test_a_secret_that_was_tampered_with_does_not_open() -> None:
    sealed = secrets.seal("riverside")

    with pytest.raises(CannotOpen):
        secrets.unseal(sealed[:-4] + "AAA=")


def test_a_new_key_takes_over_and_the_old_one_can_be_forgotten() -> None:
    before = secrets.seal("riverside")

    secrets.add_key()

    assert secrets.unseal(before) == "riverside"
    after = secrets.sealed_anew(before)
    secrets.forget_old_keys()
    assert secrets.unseal(after) == "riverside"
    with pytest.raises(CannotOpen):
        secrets.unseal(before)
