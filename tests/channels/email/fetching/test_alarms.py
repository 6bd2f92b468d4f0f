"""A mailbox that can't be fetched alarms the administrators, once for each trouble."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from everyhand.channels.email.fetching import alarms, health
from everyhand.channels.email.fetching.diagnosis import Trouble
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.cli import reactions
from everyhand.core import heartbeat, journal
from everyhand.notices.models import Kind, Notice
from tests.cast import NOON, Cast, minutes
from tests.channels.email.fetching.conftest import connected
from tests.web.house import browser_of

LONG_AGO = NOON - timedelta(days=1)
WRONG = Trouble("password", "[AUTHENTICATIONFAILED] Invalid credentials")


@pytest.fixture
def box(cast: Cast) -> ConnectedMailbox:
    return connected("mail.test", 993, changed_at=LONG_AGO, connected_at=LONG_AGO)


def look(at: datetime, *, fetching: bool = True, watching_since: datetime = LONG_AGO) -> int:
    """What the worker does every few seconds, while those who fetch do their work or not."""
    if fetching:
        heartbeat.beat(health.PART, process="fetcher", at=at)
    return alarms.raise_alarms(at=at, watching_since=watching_since)


def facts() -> list[str]:
    return [entry.action for entry in journal.Entry.objects.filter(action__startswith="mailbox.").order_by("pk")]


def test_a_short_trouble_is_no_news_and_a_long_one_is_told_once(box: ConnectedMailbox, cast: Cast) -> None:
    health.failing(box.pk, WRONG, at=NOON)

    told = [look(NOON + minutes(after)) for after in (1, 7, 8, 9, 60, 600)]

    assert told == [0, 0, 1, 0, 0, 0]
    assert facts() == ["mailbox.troubled"]
    (fact,) = journal.Entry.objects.filter(action="mailbox.troubled")
    assert fact.particulars["address"] == "help@paper.test"
    assert fact.particulars["since"] == NOON.isoformat()
    assert "mail.test does not accept the user name or password of help@paper.test." in fact.particulars["trouble"]


@pytest.mark.django_db(transaction=True)  # what reads the journal waits for whatever is not committed
def test_the_administrators_are_told_and_nobody_else(box: ConnectedMailbox, cast: Cast) -> None:
    health.failing(box.pk, WRONG, at=NOON)
    look(NOON + minutes(20))
    reactions.react(NOON + minutes(20))

    told = Notice.objects.get()
    assert (told.member, told.kind) == (cast.ines, Kind.TROUBLE)

    health.well(ConnectedMailbox.objects.select_related("mailbox").get(), at=NOON + minutes(30))
    reactions.react(NOON + minutes(30))
    assert not Notice.objects.filter(read_at=None).exists()


def test_after_a_recovery_the_next_trouble_is_told_again(box: ConnectedMailbox) -> None:
    health.failing(box.pk, WRONG, at=NOON)
    look(NOON + minutes(20))

    health.well(ConnectedMailbox.objects.select_related("mailbox").get(), at=NOON + minutes(30))
    box.refresh_from_db()
    assert (box.alarmed_at, box.trouble) == (None, "")
    health.failing(box.pk, WRONG, at=NOON + minutes(40))
    look(NOON + minutes(60))

    assert facts() == ["mailbox.troubled", "mailbox.recovered", "mailbox.troubled"]


def test_that_nobody_fetches_is_told_too(box: ConnectedMailbox) -> None:
    heartbeat.beat(health.PART, process="fetcher", at=NOON)

    assert [look(NOON + minutes(after), fetching=False) for after in (7, 8, 30)] == [0, 1, 0]
    (fact,) = journal.Entry.objects.filter(action="mailbox.troubled")
    assert "Nobody fetches: start" in fact.particulars["trouble"]


def test_a_machine_that_was_off_for_the_night_alarms_nobody_in_the_morning(box: ConnectedMailbox) -> None:
    heartbeat.beat(health.PART, process="fetcher", at=LONG_AGO)
    health.failing(box.pk, WRONG, at=LONG_AGO)

    assert look(NOON + minutes(1), fetching=False, watching_since=NOON) == 0


def test_a_paused_mailbox_alarms_nobody(box: ConnectedMailbox) -> None:
    health.failing(box.pk, WRONG, at=NOON)
    ConnectedMailbox.objects.update(paused_at=NOON)

    assert look(NOON + minutes(60)) == 0


def test_administrators_see_it_on_every_page_and_others_do_not(box: ConnectedMailbox, cast: Cast) -> None:
    ConnectedMailbox.objects.update(alarmed_at=NOON)
    alarm = b"1 mailbox has not been fetched for a while."

    assert alarm in browser_of(cast.ines).get("/inbox/mine").content
    assert alarm not in browser_of(cast.ines).get("/mailboxes").content  # which tells all about it
    assert alarm not in browser_of(cast.ana).get("/inbox/mine").content
    assert alarm not in browser_of(cast.carla).get("/inbox/mine").content
    assert browser_of(cast.ines).get("/mailboxes").status_code == 200
