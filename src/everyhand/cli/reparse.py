"""`everyhand reparse`: all mail read again, after an upgrade whose parser understands more."""

from __future__ import annotations

import sys
from datetime import datetime, time
from zoneinfo import ZoneInfo

import click
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from everyhand.channels.email import queries, reparse
from everyhand.channels.email.models import Mail
from everyhand.cli import setting_up


@click.command("reparse")
@click.option("--apply", is_flag=True, help="Change what is different; otherwise it is only listed.")
@click.option("--since", default="", metavar="DATE|ID", help="Only mail from this day, or this mail, on.")
def reparse_all(*, apply: bool, since: str) -> None:
    """Read all mail again and list what is understood otherwise than when it came in. Sends and moves nothing."""
    setting_up.set_up()
    mails = _since(since)
    changed = doubtful = count = 0
    with click.progressbar(
        reparse.read_again(mails, apply=apply, at=timezone.now(), parsers=settings.EVERYHAND.workers),
        length=mails.count(),
        label="Reading again",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as progress:
        for reread in progress:
            count += 1
            changed += bool(reread.differences)
            doubtful += bool(reread.doubt)
            if line := _line(reread):
                click.echo(line)
    became = "changed" if apply else "would change"
    advice = "" if apply or not changed else " (--apply changes them)"
    click.echo(f"{count} mails read again, {changed} {became}, {doubtful} for a person to decide{advice}")
    sys.exit(0 if queries.ledger().balanced else 1)


def _since(since: str) -> QuerySet[Mail]:
    if not since:
        return Mail.objects.all()
    if since.isdecimal() and len(since) < 19:
        return Mail.objects.filter(pk__gte=int(since))
    try:
        day = parse_date(since)
    except ValueError:
        day = None
    if day is None:
        raise click.BadParameter("give a day such as 2026-03-31, or the number of a mail", param_hint="--since")
    midnight = datetime.combine(day, time(), ZoneInfo(settings.EVERYHAND.time_zone))
    return Mail.objects.filter(accepted_at__gte=midnight)


def _line(reread: reparse.Reread) -> str:
    where = f"mail {reread.mail}" + (f", message {reread.message}" if reread.message else "")
    if reread.doubt:
        return f"{where}: {reread.doubt} Nothing was changed; please decide."
    return f"{where}: {', '.join(map(str, reread.differences))}" if reread.differences else ""
