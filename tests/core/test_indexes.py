"""The indexes that migrations leave are those of the models, and none besides."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection


@pytest.mark.django_db
def test_a_key_without_an_index_of_its_own_has_none_in_the_database_either() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_models():
            fields: list[Any] = [*model._meta.local_fields]
            keys = [one for one in fields if one.remote_field and not one.db_index and not one.unique]
            if not keys or not model.__module__.startswith("everyhand."):
                continue
            named = {index.name for index in model._meta.indexes}
            found = connection.introspection.get_constraints(cursor, model._meta.db_table)
            own = [what["columns"] for name, what in found.items() if what["index"] and name not in named]
            assert [one.column for one in keys if [one.column] in own] == []
