"""A migration on SQLite looks through the keys that it may have broken, and through no others."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.test.utils import CaptureQueriesContext

from everyhand.people.models import Invitation, SignInLink

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]
ORPHAN = "INSERT INTO people_signinlink (member_id, fingerprint, expires_at) VALUES (7777, 'f', '2026-03-02')"


def looked_through(queries: CaptureQueriesContext) -> list[str]:
    checks = [one["sql"] for one in queries if "foreign_key_check" in one["sql"]]
    return [sql.partition("foreign_key_check")[2].strip('("); ') for sql in checks]


def test_a_column_that_is_no_key_breaks_none() -> None:
    field: Any = models.DateTimeField(null=True)
    field.set_attributes_from_name("seen_at")

    with CaptureQueriesContext(connection) as queries, connection.schema_editor() as editor:
        editor.add_field(Invitation, field)
    with connection.schema_editor() as editor:
        editor.remove_field(Invitation, field)

    assert looked_through(queries) == []


def test_a_table_that_is_copied_is_looked_through_with_what_went_wrong_in_it() -> None:
    with (
        pytest.raises(IntegrityError, match=r"people_signinlink.*invalid foreign key"),
        connection.schema_editor() as editor,
    ):
        editor.execute(ORPHAN)
        editor._remake_table(SignInLink)  # type: ignore[attr-defined] # as most changes of a field do
    assert not SignInLink.objects.exists()


def test_where_a_table_is_dropped_everything_is_looked_through() -> None:
    with CaptureQueriesContext(connection) as queries, connection.schema_editor() as editor:
        editor.delete_model(SignInLink)
    with connection.schema_editor() as editor:
        editor.create_model(SignInLink)

    assert looked_through(queries) == [""]
