"""The worker: everything that is due, done. One thread a kind of work, each claiming, doing, completing.

This is the one page that says what runs in the background.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from everyhand.channels import erasing
from everyhand.channels.email import file, queries
from everyhand.channels.email.fetching import alarms
from everyhand.channels.email.models import SystemMail
from everyhand.channels.email.outbound import deliver, notice_mail
from everyhand.cli import reactions
from everyhand.cli.demo import wishes
from everyhand.conversations import checking, whose
from everyhand.conversations.models import Delivery, Renaming, Sleep, VirusCheck
from everyhand.core import disk, heartbeat, looks, outage, work
from everyhand.core.sqlite import statistics
from everyhand.core.work import Row
from everyhand.customers.models import Erasure
from everyhand.desk import let_go, turns
from everyhand.notices import actions as notices
from everyhand.notices import push, watching
from everyhand.people import sign_ins
from everyhand.people.models import DemoWish
from everyhand.promises import actions as promises
from everyhand.routing.models import Departure

log = structlog.get_logger(__name__)

BATCH = 32
MAILS = 128  # taken in hand at once: while some are filed the next are understood


@dataclass(frozen=True)
class Duty:
    """Something the worker does again and again. `do` returns how much there was; after nothing it rests `pause`."""

    name: str
    do: Callable[[datetime], int]
    pause: timedelta


class Worker:
    """Runs the duties until told to stop, each in a thread of its own, so that none waits for another."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._began = timezone.now()
        self._filer = file.Filer(parsers=settings.EVERYHAND.workers)

    def run(self) -> None:
        """Work until `stop` is called; what is in hand is finished first."""
        threads = [threading.Thread(target=self._repeat, args=(duty,), name=duty.name) for duty in self._duties()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._filer.close()

    def stop(self) -> None:
        self._stopping.set()

    def _duties(self) -> Sequence[Duty]:
        return (
            Duty("file mail", self._file_mail, timedelta(seconds=0.1)),
            Duty("deliver replies", self._deliver_replies, timedelta(seconds=0.5)),
            Duty("deliver system mail", self._deliver_system_mail, timedelta(seconds=0.5)),
            Duty("place what was left behind", lambda at: _each(Departure, let_go.place, at), timedelta(seconds=0.5)),
            Duty("bring back what slept", lambda at: _each(Sleep, turns.wake, at), timedelta(seconds=1)),
            Duty("find by new names", lambda at: _each(Renaming, whose.index_again, at), timedelta(seconds=2)),
            Duty("look for viruses", lambda at: _each(VirusCheck, checking.check, at), timedelta(seconds=1)),
            Duty("look back for viruses", lambda at: checking.look_back(at=at), timedelta(seconds=10)),
            Duty("erase", lambda at: _each(Erasure, erasing.erase, at), timedelta(seconds=10)),
            Duty("bring and take the demo", lambda at: _each(DemoWish, wishes.fulfil, at), timedelta(seconds=1)),
            Duty("react to what happened", reactions.react, timedelta(seconds=0.5)),
            Duty("write notice mails", notice_mail.write_due, timedelta(seconds=2)),
            Duty("push notices", push.push_due, timedelta(seconds=2)),
            Duty("warn of promises", _warn_of_promises, timedelta(seconds=15)),
            Duty("forget old notices", _forget_old_notices, timedelta(minutes=10)),
            Duty("forget old looks", _forget_old_looks, timedelta(minutes=10)),
            Duty("watch promises", lambda at: promises.tick(at=at), timedelta(seconds=5)),
            Duty("watch mailboxes", self._watch_mailboxes, timedelta(seconds=20)),
            Duty("watch the disk", lambda at: disk.watch(settings.EVERYHAND.data, at=at), timedelta(minutes=1)),
            Duty("gather statistics", _gather_statistics, timedelta(hours=1)),
            Duty("check the ledger", _check_ledger, timedelta(minutes=1)),
            Duty("say that we run", _beat, timedelta(seconds=15)),
        )

    def _repeat(self, duty: Duty) -> None:
        """A duty that fails is logged and tried again: a database that is away comes back, and so do we."""
        failures = 0
        while not self._stopping.is_set():
            try:
                done = duty.do(timezone.now())
                failures = 0
            except Exception as error:
                failures += 1
                done = 0
                if outage.is_outage(error):
                    # The first time says where, the others that it goes on.
                    away = failures == 1
                    log.warning("the database is away; trying again", duty=duty.name, failures=failures, exc_info=away)
                else:
                    log.exception("duty failed", duty=duty.name, failures=failures)
                if isinstance(error, Error):
                    connection.close()
            if not done:
                self._stopping.wait(duty.pause.total_seconds() * min(2**failures, 60))
        connection.close()

    def _file_mail(self, at: datetime) -> int:
        mails = file.claim(at=at, limit=MAILS)
        if mails:
            with heartbeat.leases_kept(mails, lease=file.LEASE):
                self._filer.file(mails, at=at)
        return len(mails)

    def _deliver_replies(self, at: datetime) -> int:
        deliveries = work.claim(Delivery, at=at, limit=BATCH)
        if deliveries:
            with heartbeat.leases_kept(deliveries):
                deliver.deliver(deliveries, stopping=self._stopping)
        return len(deliveries)

    def _deliver_system_mail(self, at: datetime) -> int:
        mails = work.claim(SystemMail, at=at, limit=BATCH)
        if mails:
            with heartbeat.leases_kept(mails):
                deliver.deliver_system_mail(mails, stopping=self._stopping)
        return len(mails)

    def _watch_mailboxes(self, at: datetime) -> int:
        return alarms.raise_alarms(at=at, watching_since=self._began)


def _each(kind: type[Row], do: Callable[..., None], at: datetime) -> int:
    """Claim one row of a kind that comes seldom and takes long, and do it; how many there were."""
    rows = work.claim(kind, at=at, limit=1)
    for row in rows:
        with heartbeat.leases_kept(rows), work.attempt(row, at=at):
            do(row, at=at)
    return len(rows)


def _check_ledger(_at: datetime) -> int:
    ledger = queries.ledger()
    if not ledger.balanced:
        log.error("the mail ledger does not balance", **ledger.as_dict())
    return 0


def _warn_of_promises(at: datetime) -> int:
    watching.tell_what_is_about_to_break(at=at, within=settings.EVERYHAND.warn_before)
    return 0


def _forget_old_notices(at: datetime) -> int:
    return notices.forget_old(at=at, after=settings.EVERYHAND.keep_notices)


def _forget_old_looks(at: datetime) -> int:
    after = settings.EVERYHAND.keep_audit_trail
    return looks.forget_old(at=at, after=after) + sign_ins.forget_old(at=at, after=after)


def _gather_statistics(_at: datetime) -> int:
    statistics.gather()
    return 0


def _beat(at: datetime) -> int:
    heartbeat.beat("worker", process=f"{socket.gethostname()}:{os.getpid()}", at=at)
    return 0
