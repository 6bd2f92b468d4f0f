"""Mailboxes from the shell: addresses of ours, and the mailboxes elsewhere that are fetched into them."""

from __future__ import annotations

import os
import re
import sys

import click
from django.core.exceptions import ValidationError
from django.utils import timezone

from everyhand.channels.email import addresses
from everyhand.channels.email.fetching import connecting, diagnosis, health, oauth, receivers
from everyhand.channels.email.models import ConnectedMailbox, Mailbox
from everyhand.cli import setting_up
from everyhand.core import secrets

# Never as an argument: the arguments of a program can be read by everybody on the machine.
PASSWORD_VARIABLE = "MAILBOX_PASSWORD"  # noqa: S105 - the name of a variable


@click.group()
def mailbox() -> None:
    """Addresses of ours, and mailboxes elsewhere whose mail is fetched."""


@mailbox.command("add")
@click.argument("address")
@click.option("--name", default="", help="The name customers see as the sender.")
def add(address: str, name: str) -> None:
    """Take mail in at ADDRESS; *@example.com takes every address of a domain."""
    setting_up.set_up()
    address = _address(address)
    made = addresses.add(address, name=name, at=timezone.now())
    click.echo(f"{address} {'takes' if made else 'already takes'} mail in.")


@mailbox.command("list")
def list_mailboxes() -> None:
    """List them, and how those that are fetched are doing."""
    setting_up.set_up()
    found = health.of_all(at=timezone.now())
    for ours in Mailbox.objects.all():
        click.echo(f"{ours.address}\t{ours.name}")
        for one in found:
            if one.box.mailbox_id == ours.pk:
                click.echo(f"  {one.box.pk}\t{one.box}\t{one.state}\t{one.sentence}")
                if one.state is health.State.FAILING:
                    click.echo(f"\tsince {one.box.failing_since:%Y-%m-%d %H:%M}; it says: {one.box.trouble_said}")


@mailbox.command()
@click.argument("url", metavar="imaps://USER@HOST[:PORT][/FOLDER]")
@click.option("--address", default="", help="The address of ours it belongs to; by default USER.")
@click.option("--import-days", "days", type=click.IntRange(min=0), default=30, show_default=True, help="History.")
@click.option(
    "--sign-in",
    type=click.Choice([str(one) for one in ConnectedMailbox.SignIn.values]),
    default="password",
    show_default=True,
    help="With google or microsoft the secret is a grant as JSON; see docs/mailboxes.md.",
)
@click.option("--dry-run", is_flag=True, help="Look and tell; store nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def connect(  # noqa: PLR0917 - click gives them by name
    url: str, address: str, days: int, sign_in: str, dry_run: bool, yes: bool
) -> None:
    """Fetch the mail of a mailbox elsewhere from now on. Nothing in it is changed, and what is there already comes in
    as history: nothing is sent or promised for it.

    The password is asked for, or read from standard input, or from the environment variable MAILBOX_PASSWORD.
    """
    setting_up.set_up()
    try:
        box = connecting.read_address(url)
    except connecting.AddressWrong as wrong:
        setting_up.stop(f"“{url.partition('://')[0]}://…”: {wrong}.")
    box.sign_in = sign_in
    address = _address(address or box.user)
    secret = _secret(sign_in)
    at = timezone.now()
    found = _look(box, secret, days)
    click.echo(connecting.forecast(found, days))
    if dry_run:
        click.echo("Nothing was stored.")
        return
    if not yes and not _agreed():
        setting_up.stop("nothing was stored.")
    stored = connecting.connect(box, found, address=address, days=days, at=at)
    click.echo(f"{stored} is fetched into {stored.mailbox} from now on, while `everyhand serve` runs.")


@mailbox.command()
@click.argument("number", type=int)
def disconnect(number: int) -> None:
    """Fetch nothing more from mailbox NUMBER (of `mailbox list`) and forget its password. What came in stays."""
    setting_up.set_up()
    box = _numbered(number)
    connecting.disconnect(box, at=timezone.now())
    click.echo(f"{box} is not fetched any more.")


@mailbox.command()
@click.argument("number", type=int)
def pause(number: int) -> None:
    """Fetch nothing from mailbox NUMBER until `mailbox resume`."""
    setting_up.set_up()
    box = _numbered(number)
    connecting.pause(box, at=timezone.now())
    click.echo(f"{box} is paused.")


@mailbox.command()
@click.argument("number", type=int)
def resume(number: int) -> None:
    """Fetch from mailbox NUMBER again; what arrived meanwhile comes in as new mail."""
    setting_up.set_up()
    box = _numbered(number)
    connecting.resume(box, at=timezone.now())
    click.echo(f"{box} is fetched again.")


@mailbox.command()
@click.argument("number", type=int)
@click.argument("name", default="")
def believe(number: int, name: str) -> None:
    """Believe what server NAME found out about the senders of mail in mailbox NUMBER; without NAME, believe nobody."""
    setting_up.set_up()
    box = _numbered(number)
    if not re.fullmatch(r"[A-Za-z0-9._-]*", name):
        setting_up.stop("give the one name with which the field Authentication-Results begins, such as mx.example.com.")
    receivers.believe(box, name.lower(), at=timezone.now())
    click.echo(f"{name.lower() or 'Nobody'} is believed about who wrote the mail of {box}.")


@mailbox.command("new-key")
def new_key() -> None:
    """Seal the stored passwords with a new key and forget the old one."""
    setting_up.set_up()
    try:
        count = connecting.new_key()
    except secrets.CannotOpen as lost:
        setting_up.stop(str(lost))
    click.echo(f"{count} stored secrets are sealed with a new key. Older backups need the older stored-secrets.key.")


def _address(text: str) -> str:
    try:
        return addresses.read(text)
    except ValidationError as wrong:
        setting_up.stop(" ".join(wrong.messages))


def _secret(sign_in: str) -> str:
    secret = os.environ.get(PASSWORD_VARIABLE, "")
    if not secret and sys.stdin.isatty():
        secret = click.prompt("Password" if sign_in == "password" else "Grant (JSON)", hide_input=True)
    elif not secret:
        secret = sys.stdin.readline().rstrip("\r\n") if sign_in == "password" else sys.stdin.read()
    if not secret:
        setting_up.stop(f"give the password on standard input, or in the environment variable {PASSWORD_VARIABLE}.")
    if sign_in != "password":
        try:
            return oauth.Grant.read(secret).written()
        except oauth.GrantWrong as wrong:
            setting_up.stop(f"the grant can't be used: {wrong}. docs/mailboxes.md shows one.")
    return secret


def _look(box: ConnectedMailbox, secret: str, days: int) -> connecting.Found:
    try:
        return connecting.look(box, secret=secret, days=days, at=timezone.now())
    except connecting.REFUSALS as error:
        trouble = diagnosis.diagnose(error)
        setting_up.stop(f"{diagnosis.in_words(trouble.code, box)} Nothing was stored. It said: {trouble.said}")


def _agreed() -> bool:
    try:
        return click.confirm("Connect it?")
    except click.Abort:
        return False


def _numbered(number: int) -> ConnectedMailbox:
    box = ConnectedMailbox.objects.select_related("mailbox").filter(pk=number).first()
    if box is None:
        setting_up.stop(f"no connected mailbox has the number {number}. `everyhand mailbox list` shows them.")
    return box
