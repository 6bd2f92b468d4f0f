"""An address is looked for in one index instead of two, each of which has a new customer in a page of its own."""

from typing import Any

from django.db import migrations, models

from everyhand.core.indexes import WithoutPatterns

BEGINNINGS = "CREATE INDEX identity_by_beginning ON customers_identity (value varchar_pattern_ops)"


def by_beginning(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(BEGINNINGS)


def not_by_beginning(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX identity_by_beginning")


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_lighter_indexes")]

    operations = [
        migrations.AlterField(model_name="identity", name="value", field=models.CharField(max_length=320)),
        migrations.RemoveConstraint(model_name="identity", name="one_customer_an_identity"),
        migrations.AddConstraint(
            model_name="identity",
            constraint=models.UniqueConstraint(fields=("value", "kind"), name="one_customer_an_identity"),
        ),
        migrations.RunPython(by_beginning, not_by_beginning),
        WithoutPatterns("customers_identity", "domain"),
    ]
