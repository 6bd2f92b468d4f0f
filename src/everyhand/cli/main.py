"""`everyhand`: the one program."""

from __future__ import annotations

import importlib
import os
import sys

import click

from everyhand.cli import loading

# Where each command lives. They are imported when called, so that `everyhand --help` answers at once.
COMMANDS = {
    "setup": "everyhand.cli.setting_up:setup",
    "serve": "everyhand.cli.serve:serve",
    "web": "everyhand.cli.serve:web",
    "worker": "everyhand.cli.serve:worker",
    "smtp": "everyhand.cli.serve:smtp",
    "fetch": "everyhand.cli.serve:fetch",
    "demo": "everyhand.cli.demo:demo",
    "member": "everyhand.cli.setting_up:member",
    "mailbox": "everyhand.cli.mailboxes:mailbox",
    "customer": "everyhand.cli.customers:customer",
    "signin-link": "everyhand.cli.setting_up:signin_link",
    "ingest": "everyhand.cli.ingest:ingest",
    "show": "everyhand.cli.reading:show",
    "list": "everyhand.cli.reading:list_conversations",
    "search": "everyhand.cli.reading:search",
    "route": "everyhand.cli.reading:route",
    "ledger": "everyhand.cli.reading:ledger",
    "doctor": "everyhand.cli.doctor:doctor",
    "reparse": "everyhand.cli.reparse:reparse_all",
    "backup": "everyhand.cli.backup:backup",
    "restore": "everyhand.cli.backup:restore",
    "bench": "everyhand.cli.bench:bench",
}


class Program(click.Group):
    """A group that imports a command, and starts Django, only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        with loading.for_good():
            start_django()
            module, _, name = COMMANDS[cmd_name].partition(":")
            command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUMMARIES[name]) for name in COMMANDS])


SUMMARIES = {
    "setup": "create or migrate the data directory; safe to repeat",
    "serve": "run everything: web, live hub, worker, mail listener, fetchers",
    "web": "run the web server alone",
    "worker": "run the worker alone",
    "smtp": "run the listener for SMTP and LMTP alone",
    "fetch": "fetch the mail of connected mailboxes alone",
    "demo": "load or remove a small believable company",
    "member": "add people from the shell",
    "mailbox": "add an address of ours, connect a mailbox elsewhere, list them",
    "customer": "export or forget a customer who asks for it",
    "signin-link": "make a one-time sign-in link",
    "ingest": "take in .eml files, mbox, Maildir or standard input",
    "show": "read a conversation",
    "list": "list conversations, a line each",
    "search": "find conversations by words",
    "route": "who would get this mail, and why",
    "ledger": "what became of every mail we accepted",
    "doctor": "check this installation and say what to do",
    "reparse": "read all mail again, after the parser has learnt something",
    "backup": "write a verified backup while running",
    "restore": "put a backup into an empty data directory",
    "bench": "make up a company of any size, and measure with it",
}


def start_django() -> None:
    """Set Django up; a setting that can't be right ends the program with one line and exit status 78 (EX_CONFIG)."""
    os.umask(0o077)  # whatever we write holds mail or keys, and is for the user we run as
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everyhand.config.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as wrong:
        click.echo(f"everyhand: {wrong}", err=True)
        sys.exit(os.EX_CONFIG)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="everyhand")
def main() -> None:
    """Customer service for the whole company.

    Data lives in $EVERYHAND_DATA (./var unless set); docs/settings.md lists every setting.
    """
