"""The index of what can be found, which each database keeps in its own way."""

from typing import Any

from django.db import migrations

from everyhand.core.search import postgresql, sqlite


def create_index(_apps: Any, schema_editor: Any) -> None:
    schema_editor.execute((postgresql if schema_editor.connection.vendor == "postgresql" else sqlite).CREATE)


def drop_index(_apps: Any, schema_editor: Any) -> None:
    schema_editor.execute((postgresql if schema_editor.connection.vendor == "postgresql" else sqlite).DROP)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunPython(create_index, drop_index)]
