"""What a customer may ask of us, from the shell: a copy of everything, and to be forgotten.

Whoever runs the program sees everything, private teams' conversations too; in the browser nobody does.
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from django.db import transaction
from django.utils import timezone

from everyhand.channels import handing_out
from everyhand.cli import setting_up
from everyhand.conversations.models import Conversation
from everyhand.core import journal
from everyhand.customers import forgetting
from everyhand.customers.actions import normalised
from everyhand.customers.models import Customer, Identity


@click.group()
def customer() -> None:
    """The people we serve, and what they may ask of us."""


@customer.command("export")
@click.argument("address")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--notes", is_flag=True, help="Also what colleagues said among themselves.")
def export(address: str, file: Path, *, notes: bool) -> None:
    """Write everything we and the customer with this ADDRESS said to each other to FILE (.zip)."""
    somebody, at = _known(address), timezone.now()
    if file.exists():
        setting_up.stop(f"{file} exists already. Give a new name.")
    journal.note("customer.exported", subject=somebody, at=at)
    theirs = Conversation.objects.filter(customer=somebody)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        for piece in handing_out.archive(somebody, theirs, at=at, notes=notes):
            written.write(piece)
    click.echo(f"{file}: {file.stat().st_size // 1024} kB")


@customer.command("erase")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Don't ask.")
def erase(address: str, yes: bool) -> None:
    """Forget the customer with this ADDRESS, and everything they ever wrote to us."""
    somebody, at = _known(address), timezone.now()
    number = Conversation.objects.filter(customer=somebody).count()
    if not yes:
        click.confirm(f"{somebody} and {number} conversations go for good. Go on?", abort=True)
    with transaction.atomic():
        erasure = forgetting.ask_to_erase(somebody, by=None, at=at)
    click.echo(
        f"The worker erases them at {erasure.due_at:%Y-%m-%d %H:%M} UTC. Until then an administrator can stop it."
    )


def _known(address: str) -> Customer:
    """Ends the program with one line when nobody has this address."""
    setting_up.set_up()
    identity = Identity.objects.select_related("customer").filter(value=normalised(address)).first()
    if identity is None:
        setting_up.stop(f"no customer has the address {address}. `everyhand search {address}` finds who wrote it.")
    return identity.customer
