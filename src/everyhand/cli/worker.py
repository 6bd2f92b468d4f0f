"""The worker: everything that is due, done. It is two processes: one files mail, the other does everything else.

This is the one page that says what runs in the background.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from everyhand.channels import erasing
from everyhand.channels.email import file, queries
from everyhand.channels.email.fetching import alarms
from everyhand.channels.email.models import Mail, SystemMail
from everyhand.channels.email.outbound import deliver, no_server, notice_mail
from everyhand.cli import reactions
from everyhand.cli.demo import wishes
from everyhand.cli.lanes import Duty, Lane, Turn, Worker
from everyhand.conversations import checking, noting, whose
from everyhand.conversations.models import Delivery, Renaming, Sleep, VirusCheck
from everyhand.core import disk, heartbeat, looks, work
from everyhand.core.postgresql import pending
from everyhand.core.search import merging
from everyhand.core.sqlite import gate, statistics, write_ahead
from everyhand.core.work import Row
from everyhand.customers.models import Erasure
from everyhand.desk import let_go, turns
from everyhand.escalation import actions as escalation
from everyhand.escalation import climbing
from everyhand.escalation.models import Climb
from everyhand.notices import actions as notices
from everyhand.notices import push, watching
from everyhand.people import sign_ins
from everyhand.people.models import DemoWish
from everyhand.promises import actions as promises
from everyhand.routing.models import Departure

log = structlog.get_logger(__name__)

BATCH = 32
# What nobody waits for comes so long after a start: until then what waited meanwhile is caught up with.
CAUGHT_UP = timedelta(seconds=30)
MAILS = 128  # taken in hand at once: while some are filed the next are understood

# By these names the two say that they run.
FILING = "filing"
WORKER = "worker"


def filing() -> Worker:
    """Files the mail that was accepted: a process of its own, since it needs a core of its own when much comes in."""
    filer = file.Filer(parsers=settings.EVERYHAND.workers)
    hand = file.Hand(filer)
    mail = Duty("file mail", lambda at: _file_mail(filer, hand, at), timedelta(seconds=0.1))
    return Worker([[mail], [_sign_of_life(FILING)]], afterwards=lambda: _finish(filer, hand))


def everything_else() -> Worker:
    """Does whatever else is due. Nobody waits for it as for mail that is accepted and for what members do."""
    gate.let_others_first()
    return Worker(_lanes(stopping := threading.Event()), stopping=stopping)


def _lanes(stopping: threading.Event) -> Sequence[Lane]:
    began, balance = timezone.now(), queries.Balance()
    return (
        [Duty("deliver replies", lambda at: _deliver_replies(stopping, at), timedelta(seconds=0.5))],
        [Duty("deliver system mail", lambda at: _deliver_system_mail(stopping, at), timedelta(seconds=0.5))],
        [Duty("push notices", push.push_due, timedelta(seconds=2))],
        [
            Duty("look for viruses", lambda at: _each(VirusCheck, checking.check, at), timedelta(seconds=1)),
            Duty("look back for viruses", lambda at: checking.look_back(at=at), timedelta(seconds=10)),
        ],
        [
            Duty("react to what happened", reactions.react, timedelta(seconds=0.5)),
            Duty("write notice mails", notice_mail.write_due, timedelta(seconds=2)),
        ],
        [
            Duty("watch promises", _watch_promises, timedelta(seconds=5)),
            Duty("climb ladders", lambda at: _each(Climb, climbing.climb, at), timedelta(seconds=1)),
            Duty("warn of promises", _warn_of_promises, timedelta(seconds=15)),
            Duty("bring back what slept", lambda at: _each(Sleep, turns.wake, at), timedelta(seconds=1)),
            Duty("place what was left behind", lambda at: _each(Departure, let_go.place, at), timedelta(seconds=0.5)),
            _sign_of_life(WORKER),
        ],
        [
            Duty("send what waited for a mail server", _send_what_waited, timedelta(hours=1)),
            Duty("find by new names", lambda at: _each(Renaming, whose.index_again, at), timedelta(seconds=2)),
            Duty("bring and take the demo", lambda at: _each(DemoWish, wishes.fulfil, at), timedelta(seconds=1)),
            Duty("erase", lambda at: _each(Erasure, erasing.erase, at), timedelta(seconds=10)),
            Duty("watch mailboxes", lambda at: alarms.raise_alarms(at=at, watching_since=began), timedelta(seconds=20)),
            Duty("watch the disk", lambda at: disk.watch(settings.EVERYHAND.data, at=at), timedelta(minutes=1)),
            Duty("check the ledger", lambda _at: _check_ledger(balance), timedelta(minutes=1), CAUGHT_UP),
            Duty("forget old notices", _forget_old_notices, timedelta(minutes=10), CAUGHT_UP),
            Duty("forget words of removed notes", _forget_words, timedelta(minutes=10), CAUGHT_UP),
            Duty("forget old looks", _forget_old_looks, timedelta(minutes=10), CAUGHT_UP),
            Duty("gather statistics", _gather_statistics, timedelta(hours=1), CAUGHT_UP),
        ],
        _of_the_database(),
    )


def _of_the_database() -> Lane:
    """What whoever commits would have to do by themselves."""
    if connection.vendor == "postgresql":
        return (Duty("sort new words in", lambda _at: pending.sort_in(), timedelta(seconds=3)),)
    return (
        Duty("bring home what was written ahead", lambda _at: write_ahead.bring_home(), timedelta(seconds=0.5)),
        Duty("merge the index of words", lambda _at: merging.merge_some(), timedelta(seconds=0.5)),
    )


def _sign_of_life(part: str) -> Duty:
    process = f"{socket.gethostname()}:{os.getpid()}"

    def beat(at: datetime) -> int:
        heartbeat.beat(part, process=process, at=at)
        return 0

    return Duty("say that we run", beat, timedelta(seconds=15))


def _file_mail(filer: file.Filer, hand: file.Hand, at: datetime) -> int:
    """Of those in hand a commit's worth is filed, while the parsers read the next ones."""

    def claim() -> list[Mail]:
        # What came while we waited for others, too.
        return file.claim(at=timezone.now(), limit=MAILS - len(hand.mails))

    hand.wait_for_more()
    if not hand.mails:
        hand.take(claim())
    if not hand.mails:
        filer.rest()
        return 0
    with heartbeat.leases_kept(hand.mails, lease=file.LEASE):
        return len(hand.file_next(at=at, claim=claim))


def _finish(filer: file.Filer, hand: file.Hand) -> None:
    """What is in hand would have to wait for the end of its lease."""
    left = Turn(Duty("file what is in hand", lambda at: len(hand.file_next(at=at)), timedelta()))
    while hand.mails:
        left.take()
    connection.close()
    filer.close()


def _deliver_replies(stopping: threading.Event, at: datetime) -> int:
    if not settings.EVERYHAND.mail_url:
        return no_server.wait(Delivery, at=at)
    deliveries = work.claim(Delivery, at=at, limit=BATCH)
    if deliveries:
        with heartbeat.leases_kept(deliveries):
            deliver.deliver(deliveries, stopping=stopping)
    return len(deliveries)


def _deliver_system_mail(stopping: threading.Event, at: datetime) -> int:
    if not settings.EVERYHAND.mail_url:
        return no_server.wait(SystemMail, at=at)
    mails = work.claim(SystemMail, at=at, limit=BATCH)
    if mails:
        with heartbeat.leases_kept(mails):
            deliver.deliver_system_mail(mails, stopping=stopping)
    return len(mails)


def _send_what_waited(at: datetime) -> int:
    return no_server.wait_no_longer(at=at) if settings.EVERYHAND.mail_url else 0


def _each(kind: type[Row], do: Callable[..., None], at: datetime) -> int:
    """Claim one row of a kind that comes seldom and takes long, and do it; how many there were."""
    rows = work.claim(kind, at=at, limit=1)
    for row in rows:
        with heartbeat.leases_kept(rows), work.attempt(row, at=at):
            do(row, at=at)
    return len(rows)


def _check_ledger(balance: queries.Balance) -> int:
    if not balance.stands():
        log.error("the mail ledger does not balance", **queries.ledger().as_dict())
    return 0


def _watch_promises(at: datetime) -> int:
    """Whom to page is asked first, of all that stand: what is broken is looked at by nobody but its owner."""
    return escalation.begin_due(at=at) or promises.tick(at=at)


def _warn_of_promises(at: datetime) -> int:
    watching.tell_what_is_about_to_break(at=at, within=settings.EVERYHAND.warn_before)
    return 0


def _forget_old_notices(at: datetime) -> int:
    return notices.forget_old(at=at, after=settings.EVERYHAND.keep_notices)


def _forget_words(at: datetime) -> int:
    return noting.forget_words(at=at)


def _forget_old_looks(at: datetime) -> int:
    after = settings.EVERYHAND.keep_audit_trail
    return looks.forget_old(at=at, after=after) + sign_ins.forget_old(at=at, after=after)


def _gather_statistics(_at: datetime) -> int:
    statistics.gather()
    return 0
