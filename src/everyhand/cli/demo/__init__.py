"""`everyhand demo`: the Riverside Courier, a small newspaper to look around in, removable without a trace.

Everything of it is known by its addresses: the paper's people are @riverside-courier.example, its readers write from
other .example addresses (RFC 2606 reserves them, so no mail can reach anybody), and its mail has the source "demo".
"""

from __future__ import annotations

import sys

import click
from django.utils import timezone

from everyhand.cli import setting_up


@click.group()
def demo() -> None:
    """A small believable company to look around in."""


@demo.command()
def load() -> None:
    """Load the Riverside Courier, with conversations in every state."""
    from everyhand.cli.demo import company
    from everyhand.people import looking_around

    setting_up.set_up()
    if looking_around.is_here():
        click.echo("The demo company is here already. `everyhand demo remove` takes it away.")
        sys.exit(1)
    company.load(at=timezone.now())
    click.echo("The Riverside Courier is open. `everyhand demo remove` takes it away without a trace.")


@demo.command()
def remove() -> None:
    """Remove it without a trace; what is not part of it stays."""
    from everyhand.cli.demo import removal

    setting_up.set_up()
    removed = removal.remove(at=timezone.now())
    click.echo(f"Removed {removed} conversations and everybody of the Riverside Courier; all else is as it was.")
