"""Mail that no conversation holds belongs to a team, so that a private one keeps what is meant for it."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from everyhand.routing.decide import Hints, decide


def name_the_teams(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """For what is held, unreadable or put away, as far as its row tells; what a mail says is not read again."""
    rules = list(apps.get_model("routing", "Rule").objects.select_related("team").order_by("position", "pk"))
    mails = apps.get_model("email", "Mail").objects.filter(outcome__in=["quarantined", "suppressed"])
    for mail in mails.select_related("would_join__team", "fetched_into").iterator():
        into = [mail.fetched_into.address] if mail.fetched_into else []
        found = decide(rules, Hints([*mail.envelope_to, *into], sender=mail.sender, subject=mail.subject))
        team = (mail.would_join and mail.would_join.team_id) or (found and found.rule.team_id)
        if team:
            type(mail).objects.filter(pk=mail.pk).update(team=team)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("email", "0006_receiver_of_each_mailbox"),
        ("people", "0002_invitations"),
        ("routing", "0002_departures"),
        ("conversations", "0010_joining"),
    ]

    operations: ClassVar = [
        migrations.AddField(
            "mail",
            "team",
            models.ForeignKey(
                "people.Team",
                django.db.models.deletion.SET_NULL,
                null=True,
                related_name="+",
                db_index=False,
            ),
        ),
        migrations.RunPython(name_the_teams, migrations.RunPython.noop),
    ]
