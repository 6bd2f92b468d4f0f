"""A mailbox could not be reached for three days. What waits there comes in as it was written, and nobody is puzzled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.conf import settings

from everyhand.channels.email import file, queries
from everyhand.channels.email.models import ConnectedMailbox, Mail, SystemMail
from everyhand.conversations.models import Conversation, Message, Status
from everyhand.promises.models import Promise
from tests.cast import NOON, Cast
from tests.channels.email.fetching.conftest import Fetching, letter, sources, stored
from tests.servers.imap import Folder

WAITING = 300
THREE_DAYS, A_DAY = timedelta(hours=72), timedelta(hours=24)


@pytest.fixture(autouse=True)
def acknowledging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)


@pytest.fixture
def filer() -> Iterator[file.Filer]:
    filer = file.Filer()
    yield filer
    filer.close()


def work_off(filer: file.Filer) -> None:
    while mails := file.claim(at=NOON, limit=100):
        filer.file(mails, at=NOON)


def dated(number: int, written: timedelta) -> bytes:
    """Letter `number`, written so long before noon."""
    return letter(number).replace(b"Mon, 02 Mar 2026 09:00:00 +0000", format_datetime(NOON - written).encode())


def acknowledged() -> set[str]:
    return set(SystemMail.objects.values_list("address", flat=True))


def test_what_waited_for_three_days_comes_in_oldest_first_and_only_the_young_is_acknowledged(
    folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast
) -> None:
    ConnectedMailbox.objects.update(last_ok_at=NOON - THREE_DAYS, failing_since=NOON - THREE_DAYS)
    ages = [THREE_DAYS * (WAITING - number) / WAITING for number in range(WAITING)]
    for number, age in enumerate(ages):
        folder.add(dated(number, age), arrived_at=NOON - age)

    assert fetching.look() == WAITING
    work_off(filer)

    assert stored() == [dated(number, age) for number, age in enumerate(ages)]
    filed = list(Message.objects.order_by("pk").values_list("conversation__subject", flat=True))
    assert filed == [f"Letter {number}" for number in range(WAITING)]
    assert Promise.objects.count() == WAITING  # whatever its age, somebody answers it in time
    assert set(Conversation.objects.values_list("status", flat=True)) == {Status.OPEN}
    young = {f"ada{number}@customers.test" for number, age in enumerate(ages) if age <= A_DAY}
    assert len(young) == WAITING // 3
    assert acknowledged() == young
    assert queries.ledger().balanced


def test_when_the_connection_breaks_in_the_middle_of_the_backlog_its_order_stands(
    folder: Folder, fetching: Fetching
) -> None:
    for number in range(120):
        folder.add(dated(number, THREE_DAYS), arrived_at=NOON - THREE_DAYS)
    folder.cut_after = 28_000

    with pytest.raises(Exception):  # noqa: B017, PT011 - however the client says that it was cut off
        fetching.look()
    assert 0 < Mail.objects.count() < 120
    folder.cut_after = None
    fetching.look()

    assert sources() == [f"7/{number}" for number in range(1, 121)]


@pytest.mark.parametrize(
    "arrived",
    [timedelta(days=30), timedelta(0)],
    ids=["it keeps the day on which it arrived", "the program says it arrived just now"],
)
def test_an_old_mail_that_somebody_moves_into_the_inbox_is_filed_and_not_acknowledged(
    arrived: timedelta, folder: Folder, fetching: Fetching, filer: file.Filer, cast_committed: Cast
) -> None:
    folder.add(dated(1, timedelta(days=30)), arrived_at=NOON - arrived)
    folder.add(dated(2, timedelta(minutes=3)), arrived_at=NOON)

    fetching.look()
    work_off(filer)

    assert list(Conversation.objects.order_by("pk").values_list("subject", "status")) == [
        ("Letter 1", Status.OPEN),
        ("Letter 2", Status.OPEN),
    ]
    assert Promise.objects.count() == 2
    assert acknowledged() == {"ada2@customers.test"}
