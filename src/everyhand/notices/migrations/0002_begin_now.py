"""Where the journal already tells a long story, nobody is told of it: reading begins with what happens from now on."""

from typing import Any

from django.db import migrations


def begin_now(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001
    last = apps.get_model("core", "Entry").objects.order_by("-transaction", "-id").first()
    if last is not None:
        cursor = f"{last.transaction}.{last.pk}"
        apps.get_model("core", "Bookmark").objects.get_or_create(reader="reactions", defaults={"cursor": cursor})


class Migration(migrations.Migration):
    dependencies = [("core", "0003_bookmarks"), ("notices", "0001_initial")]

    operations = [migrations.RunPython(begin_now, migrations.RunPython.noop)]
