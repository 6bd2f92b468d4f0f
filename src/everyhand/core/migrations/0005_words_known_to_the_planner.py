"""How many words PostgreSQL's planner knows to be frequent (see `KNOW_MORE_WORDS`)."""

from typing import Any

from django.db import migrations

from everyhand.core.search import postgresql


def know_more(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(postgresql.KNOW_MORE_WORDS)
        schema_editor.execute("ANALYZE core_document")


def know_as_many(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(postgresql.KNOW_AS_MANY_WORDS)


class Migration(migrations.Migration):
    dependencies = [("core", "0004_looks")]

    operations = [migrations.RunPython(know_more, know_as_many)]
