"""The table of what can be found, and the index of its words, which each database keeps in its own way."""

from typing import Any

from django.db import migrations, models

import everyhand.core.search.documents
from everyhand.core.search import postgresql, sqlite


def create_index(_apps: Any, schema_editor: Any) -> None:
    schema_editor.execute((postgresql if schema_editor.connection.vendor == "postgresql" else sqlite).CREATE)


def drop_index(_apps: Any, schema_editor: Any) -> None:
    schema_editor.execute((postgresql if schema_editor.connection.vendor == "postgresql" else sqlite).DROP)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_pulse")]

    operations = [
        migrations.CreateModel(
            name="Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.BigIntegerField(unique=True)),
                ("group", models.BigIntegerField(db_index=True)),
                ("words", everyhand.core.search.documents.IndexedWords()),
            ],
        ),
        migrations.RunPython(create_index, drop_index),
    ]
