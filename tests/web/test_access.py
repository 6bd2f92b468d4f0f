"""The access matrix: every address of the program, who may do what there, and that looking changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from tests.web.access_matrix import MATRIX, READERS
from tests.web.house import browser_of
from tests.web.scene import Scene


def addresses(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns)
        else:
            yield pattern


EVERY_ADDRESS = list(addresses(get_resolver().url_patterns))


def test_every_address_stands_in_the_matrix_and_nothing_else_does() -> None:
    assert sorted(str(pattern.name) for pattern in EVERY_ADDRESS) == sorted(MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_may_look_at_what_is_theirs_and_looking_changes_nothing(standing_scene: Scene, name: str) -> None:
    access = MATRIX[name]
    found = {}
    for who in READERS:
        browser = browser_of(standing_scene.readers[who])
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            found[who] = browser.get(standing_scene.fill(access.path)).status_code
            transaction.set_rollback(True)
        changed = [one["sql"] for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
        # That it was seen is written down; and a code page keeps its state in the session of whoever is not signed in.
        assert not [sql for sql in changed if "django_session" not in sql and "core_look" not in sql]
    assert found == dict(zip(READERS, access.get, strict=True))


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_may_do_what_is_theirs_to_do(standing_scene: Scene, name: str) -> None:
    access = MATRIX[name]
    fields = {field: standing_scene.fill(value) for field, value in (access.fields or {}).items()}
    found = {}
    for who in READERS:
        browser = browser_of(standing_scene.readers[who])
        cache.clear()  # how often the one before tried
        with transaction.atomic():
            found[who] = browser.post(standing_scene.fill(access.path), fields).status_code
            transaction.set_rollback(True)
    assert found == dict(zip(READERS, access.post, strict=True))


def test_no_address_takes_anything_but_looking_and_sending_a_form(standing_scene: Scene) -> None:
    browser = browser_of(standing_scene.readers["admin"])
    for access in MATRIX.values():
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"):
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                response = browser.generic(method, standing_scene.fill(access.path))
                transaction.set_rollback(True)
            assert (method, access.path, response.status_code) == (method, access.path, 405)
            assert not [one for one in queries if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
