"""`everyhand doctor`: is this installation well, and if not, what to do."""

from __future__ import annotations

import shutil
import smtplib
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import click
from django.conf import settings
from django.db import connection
from django.utils import timezone

from everyhand.channels.email import published, queries
from everyhand.channels.email.authentication.lookup import Dns, Questions, Resolver
from everyhand.channels.email.fetching import health
from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound import deliver, dkim
from everyhand.channels.email.published import Weight
from everyhand.cli import setting_up
from everyhand.core import heartbeat, viruses, work
from everyhand.people.models import Member
from everyhand.routing.models import Fallback

# However many domains there are, nobody waits for the name system longer than this.
SECONDS_FOR_NAMES = 20.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `remedy` says what to do when it is not well. What is not `grave` can stay so."""

    what: str
    well: bool
    remedy: str = ""
    grave: bool = True

    def __str__(self) -> str:
        if self.well:
            return f"ok    {self.what}"
        return f"{'LOOK' if self.grave else 'hint'}  {self.what}\n      {self.remedy}"


@click.command()
def doctor() -> None:
    """Check this installation and say what to do; exit status 1 when something is wrong."""
    setting_up.set_up()
    well = True
    for finding in (*_database(), *_disk(), *virus_scanner(), *_mail(), *names(Dns()), *_people(), *_work()):
        well &= finding.well or not finding.grave
        click.echo(finding)
    sys.exit(0 if well else 1)


def _database() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA quick_check(1)")
            said = cursor.fetchone()[0]
        yield Finding(
            "the database is whole",
            said == "ok",
            f"SQLite says: {said}. Restore the last backup beside it and compare.",
        )
    ledger = queries.ledger()
    yield Finding(
        f"the mail ledger balances ({ledger.accepted} accepted)",
        ledger.balanced,
        f"accepted {ledger.accepted} is not filed {ledger.filed} + suppressed {ledger.suppressed} + quarantined "
        f"{ledger.quarantined} + pending {ledger.pending}. Nothing is deleted; please report it.",
    )


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.EVERYHAND.data).free
    yield Finding(
        f"{free // 1_000_000:,} MB of disk are free",
        free > 3 * settings.EVERYHAND.free_space,
        f"Below {settings.EVERYHAND.free_space // 1_000_000} MB mail is asked to come later. "
        f"Make room in {settings.EVERYHAND.data}.",
    )


def virus_scanner() -> Iterator[Finding]:
    """Whether the one that was named is there."""
    scanner = settings.EVERYHAND.clamav
    if scanner:
        yield Finding(
            "the virus scanner answers",
            viruses.answers(scanner),
            f"Start clamd, or let it listen at {scanner.geturl()} (EVERYHAND_CLAMAV). Until then nothing can be "
            "attached, and files that come in are shown with a warning.",
        )


def _mail() -> Iterator[Finding]:
    boxes = ", ".join(Mailbox.objects.values_list("address", flat=True))
    yield Finding(f"mail is taken in at {boxes}", bool(boxes), "Add an address: everyhand mailbox add help@example.com")
    for one in health.of_all(at=timezone.now()):
        well = one.state in (health.State.WELL, health.State.NEW, health.State.PAUSED)
        said = f" It says: {one.box.trouble_said}" if one.box.trouble_said else ""
        yield Finding(f"the mailbox {one.box} is fetched", well, one.sentence + said)
    if not settings.EVERYHAND.mail_url:
        yield Finding(
            "a mail server delivers our mail",
            False,
            "Set EVERYHAND_MAIL_URL=smtp://HOST:PORT; until then replies wait.",
        )
        return
    try:
        deliver.connect().quit()
    except (OSError, smtplib.SMTPException) as error:
        yield Finding(
            "the mail server answers",
            False,
            f"It says: {error}. Check EVERYHAND_MAIL_URL. Replies wait and are tried again.",
        )
    else:
        yield Finding("the mail server answers", True)


def names(resolver: Resolver) -> Iterator[Finding]:
    """What is published about our domains; `resolver` is asked."""
    house = settings.EVERYHAND
    ours = published.House(
        receiver=house.url.hostname if house.url else socket.getfqdn(),
        sender=house.mail_url.hostname if house.mail_url else "",
        seal=dkim.Seal(house.dkim_domain, house.dkim_selector, house.dkim_key) if house.dkim_key else None,
    )
    mailboxes = list(Mailbox.objects.values_list("address", flat=True))
    for one in published.look(mailboxes, ours, Questions(resolver, seconds=SECONDS_FOR_NAMES)):
        yield Finding(one.what, one.weight is Weight.WELL, one.remedy, grave=one.weight is Weight.WRONG)


def _people() -> Iterator[Finding]:
    yield Finding(
        f"{Member.objects.filter(is_active=True).count()} people can serve customers",
        Member.objects.filter(is_active=True).exists(),
        "Add the first: everyhand member add ADDRESS NAME --role admin",
    )
    yield Finding(
        "somebody owns what no rule names",
        Fallback.objects.filter(member__is_active=True).exists(),
        "Choose them on the page Ownership map; until then it is the first administrator.",
    )


def _work() -> Iterator[Finding]:
    now = timezone.now()
    silent = heartbeat.silent(["filing", "worker"], at=now)
    yield Finding(
        "the worker runs and files mail",
        not silent,
        "Start it with `everyhand serve`, or `everyhand worker` where parts run alone.",
    )
    for kind in work.kinds():
        name = str(kind._meta.verbose_name_plural)
        late = work.late(kind, at=now, by=timedelta(minutes=5)).count()
        stuck = work.quarantined(kind).count()
        yield Finding(
            f"no {name} are late or stuck",
            not late and not stuck,
            f"{late} late, {stuck} set aside: the pages Stuck work and Quarantine say why and try again.",
        )
