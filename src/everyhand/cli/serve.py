"""Running: everything with one command, or one part each."""

from __future__ import annotations

import os
import sys

import click
from django.db import connections
from django.urls import get_resolver
from django.utils import timezone
from uvicorn.importer import import_from_string

from everyhand.channels.email.listener.certificate import CertificateUnusable
from everyhand.cli import loading, parts, setting_up, supervisor
from everyhand.cli.doors import PortTaken, mail_doors, web_doors


@click.command()
@click.option("--with-demo", is_flag=True, help="On the first start, load the demo company.")
def serve(with_demo: bool) -> None:
    """Run everything: web, live hub, worker, mail listener and fetchers, as a small supervised process tree."""
    try:
        web, mail = web_doors(), mail_doors()
    except (PortTaken, CertificateUnusable) as wrong:
        click.echo(f"everyhand: {wrong}", err=True)
        sys.exit(os.EX_CONFIG)
    if setting_up.set_up() and with_demo:
        from everyhand.cli.demo import company

        company.load(at=timezone.now())
    _load_program()
    named = [*(["web"] if web else []), *(["smtp"] if mail else []), "filing", "worker-and-fetchers"]
    supervisor.run(*named, once=["greeting"], doors=web | mail)


@click.command()
def web() -> None:
    """Run the web server and the live hub alone."""
    setting_up.set_up()
    try:
        doors = web_doors()
    except PortTaken as taken:
        setting_up.stop(str(taken))
    if not doors:
        setting_up.stop("EVERYHAND_WEB is off, so there is nothing to run.")
    connections.close_all()
    parts.alone(parts.run_web, doors)


@click.command()
def smtp() -> None:
    """Run the listener for SMTP and LMTP alone."""
    setting_up.set_up()
    try:
        doors = mail_doors()
    except (PortTaken, CertificateUnusable) as wrong:
        setting_up.stop(str(wrong))
    if not doors:
        setting_up.stop("EVERYHAND_SMTP and EVERYHAND_LMTP are off, so there is nothing to run.")
    connections.close_all()
    parts.alone(parts.run_smtp, doors)


@click.command()
def worker() -> None:
    """Run the worker alone. On PostgreSQL several may run, on several machines."""
    setting_up.set_up()
    import everyhand.cli.worker  # noqa: F401 (before it is forked)

    supervisor.run("filing", "worker", doors={})


@click.command()
def fetch() -> None:
    """Fetch the mail of connected mailboxes alone."""
    setting_up.set_up()
    parts.alone(parts.run_fetchers, {})


def _load_program() -> None:
    """Import what the parts need once, before they are forked. A part that was forked before the rest is loaded would
    share less, and pages would come no sooner.
    """
    with loading.for_good():
        import everyhand.channels.email.fetching.fetchers
        import everyhand.channels.email.listener.listen
        import everyhand.cli.worker  # noqa: F401

        import_from_string(parts.WEB)
        # The addresses and all that they lead to, which Django imports when the first page is asked for.
        get_resolver().url_patterns  # noqa: B018
