"""Who merges the pieces of the index of words on SQLite (see `core/search/merging`)."""

from typing import Any

from django.db import migrations

from everyhand.core.search import merging


def merge_later(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(merging.TELL, merging.MERGE_LATER)


def merge_at_once(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(merging.TELL, merging.MERGE_AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [("core", "0005_words_known_to_the_planner")]

    operations = [migrations.RunPython(merge_later, merge_at_once)]
