"""Setting an installation up from the shell: data directory, people, mailboxes, the first way in."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import NoReturn

import click
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from everyhand.channels.email.models import Mailbox
from everyhand.cli import readiness
from everyhand.core import journal
from everyhand.core.sqlite import statistics
from everyhand.customers import tombstones
from everyhand.people import actions as people
from everyhand.people.models import Member, Role
from everyhand.routing import actions as routing

FIRST_MAILBOX = "help@localhost"
FIRST_MEMBER = "admin@localhost"


@click.command()
def setup() -> None:
    """Create or migrate the data directory. Safe to repeat."""
    set_up()
    click.echo(f"Ready: {settings.EVERYHAND.data}")


def set_up() -> bool:
    """Bring the database to this version and make sure somebody and some mailbox are there; whether it was new."""
    try:
        readiness.check_place()
        if not readiness.is_of_this_version():
            _upgrade()
    except readiness.NotUsable as reason:
        stop(str(reason))
    except DatabaseError as error:
        stop(readiness.in_words(error))
    tombstones.erase_again(at=timezone.now())
    # A look first: who only reads does not wait for whoever writes.
    if Mailbox.objects.exists() and Member.objects.exists():
        return False
    return _first_things()


def _upgrade() -> None:
    executor = MigrationExecutor(connection)
    readiness.check_state(executor)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
        statistics.gather()


@transaction.atomic
def _first_things() -> bool:
    if not Mailbox.objects.exists():
        Mailbox.objects.create(address=FIRST_MAILBOX)
    if Member.objects.exists():
        return False
    admin = Member.objects.create_member(FIRST_MEMBER, "Admin", role=Role.ADMIN)
    journal.note("member.added", subject=admin, at=timezone.now())
    routing.set_fallback(admin, by=None, at=timezone.now())
    return True


def stop(reason: str) -> NoReturn:
    """End the program with one line that says why."""
    click.echo(f"everyhand: {reason}", err=True)
    sys.exit(1)


@click.group()
def member() -> None:
    """People who work here."""


@member.command("add")
@click.argument("email")
@click.argument("name")
@click.option("--title", default="", help="What they do here.")
@click.option("--role", type=click.Choice([str(role.value) for role in Role]), default="member", show_default=True)
def member_add(email: str, name: str, title: str, role: str) -> None:
    """Add somebody and print their one-time sign-in link."""
    set_up()
    now = timezone.now()
    try:
        with transaction.atomic():
            somebody = Member.objects.create_member(email, name, title=title, role=role)
            journal.note("member.added", subject=somebody, at=now)
            link = people.make_sign_in_link(somebody, at=now, valid_for=timedelta(days=7))
    except ValidationError as wrong:
        stop(" ".join(wrong.messages))
    click.echo(f"{somebody.name} can sign in once within 7 days with {settings.BASE_URL}/sign-in/{link}")


@click.command("signin-link")
@click.argument("email", required=False)
@click.option("--minutes", default=60, show_default=True, help="How long the link works.")
def signin_link(email: str | None, minutes: int) -> None:
    """Print a link that signs EMAIL in once; without EMAIL, the first administrator."""
    set_up()
    members = Member.objects.filter(is_active=True)
    found = (
        members.filter(email__iexact=email).first() if email else members.filter(role=Role.ADMIN).order_by("pk").first()
    )
    if found is None:
        stop(f"nobody here has the address {email}. `everyhand member add ADDRESS NAME` adds somebody.")
    token = people.make_sign_in_link(found, at=timezone.now(), valid_for=timedelta(minutes=minutes))
    click.echo(f"{settings.BASE_URL}/sign-in/{token}")
