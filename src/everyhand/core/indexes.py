"""Indexes no larger than what they are asked for, which is less to write with every message.

Django gives each foreign key an index of its own. Where another index begins with the same column it is one too many,
and of a key that is nearly always NULL it holds nothing but NULLs. That is worse than waste: a planner without
statistics of it takes `IS NULL` for a rare find and reads the whole table through that index.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def index_where_set(field: str, *, name: str) -> models.Index:
    """An index for a foreign key with `db_index=False` that finds those rows where it is not NULL."""
    return models.Index(fields=[field], condition=models.Q((f"{field}__isnull", False)), name=name)


class WithoutOwnIndex(migrations.AlterField):
    """Take away Django's own index of a foreign key, and no more.

    On SQLite AlterField would copy the whole table for that.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002 (Django's signature)
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        # As Django called it. To ask SQLite for its name, Django would parse the SQL of the whole table.
        name = schema_editor._create_index_name(model._meta.db_table, [column])  # noqa: SLF001
        schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:  # noqa: ARG002
        model = to_state.apps.get_model(app_label, self.model_name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[model._meta.get_field(self.name)]))  # noqa: SLF001


class WithoutPatterns(migrations.RunPython):
    """Take away the second index, for LIKE, that Django gives an indexed text on PostgreSQL, where nobody asks that.

    It is named after the column, so this comes before the column is called otherwise.
    """

    def __init__(self, table: str, column: str) -> None:
        self._of = (table, column)
        super().__init__(self._drop, migrations.RunPython.noop)

    def deconstruct(self) -> tuple[str, tuple[str, str], dict[str, Any]]:
        return type(self).__qualname__, self._of, {}

    def _drop(self, _apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table, column = self._of
        name = schema_editor._create_index_name(table, [column], suffix="_like")  # noqa: SLF001
        schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")
