"""Who is believed about senders becomes a matter of each connected mailbox."""

from __future__ import annotations

from typing import ClassVar

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def name_the_usual(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Until now the one setting held for all of them; now it goes on holding where that server fills the mailbox."""
    # Every command loads every migration, and this module loads all that reads signatures: a fifth of a second.
    from everyhand.channels.email.fetching import receivers  # noqa: PLC0415

    for box in apps.get_model("email", "ConnectedMailbox").objects.all():
        box.receiver = receivers.usual(box.host)
        box.save(update_fields=["receiver"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("email", "0005_alarms_are_notices")]

    operations: ClassVar = [
        migrations.AddField("connectedmailbox", "receiver", models.CharField(max_length=255, blank=True, default="")),
        migrations.RunPython(name_the_usual, migrations.RunPython.noop),
    ]
