"""Not too many letters a minute to one domain, and nobody else waits for those."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.conf import settings

from everyhand.channels.email.models import DomainPace, SystemMail
from everyhand.channels.email.outbound import deliver, letter, no_server, pace, system_mail
from everyhand.conversations.models import Conversation, Delivery
from everyhand.core import work
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, minutes
from tests.cast import letter as arriving
from tests.channels.email.answers import answer
from tests.channels.email.far_end import Start, use

SOON = NOON + minutes(10)


@pytest.fixture(autouse=True)
def three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "pace", 3)


@pytest.fixture
def busy(cast: Cast) -> Conversation:
    """Ada's conversation, alone in it."""
    return receive(arriving(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation


def written_to(conversation: Conversation, cast: Cast, *addresses: str) -> None:
    """One reply with a delivery to each of these."""
    message = answer(conversation, cast)
    message.deliveries.all().delete()
    Delivery.objects.bulk_create(Delivery(message=message, address=one, due_at=NOON) for one in addresses)


def work_off(at: datetime) -> int:
    """Everything that is due at `at`, batch by batch as a worker does; how many batches it took."""
    batches = 0
    while claimed := work.claim(Delivery, at=at, limit=32):
        deliver.deliver(claimed, clock=lambda: at)
        batches += 1
    return batches


def test_so_many_a_minute_the_oldest_first_and_no_attempt_counted(
    cast: Cast, busy: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    readers = [f"reader{number}@gmail.test" for number in range(8)]
    written_to(busy, cast, *readers)
    for minute in range(3):
        work_off(SOON + minutes(minute))
        assert [one.recipients[0] for one in far_end.received] == readers[: 3 * (minute + 1)]
        assert set(Delivery.objects.filter(done_at=None).values_list("attempts", "last_error")) <= {(0, "")}
    assert len(far_end.received) == len(readers)


def test_others_do_not_wait_for_a_busy_domain(cast: Cast, busy: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    written_to(busy, cast, *(f"reader{number}@gmail.test" for number in range(100)), "ada@example.org", "bob@GMX.test")
    work_off(SOON)

    assert [one.recipients[0] for one in far_end.received][3:] == ["ada@example.org", "bob@GMX.test"]


def test_a_long_queue_is_put_off_at_once_and_not_one_by_one(cast: Cast, busy: Conversation, mail_server: Start) -> None:
    mail_server()
    written_to(busy, cast, *(f"reader{number}@gmail.test" for number in range(2_000)))

    assert work_off(SOON) == 1
    assert work_off(SOON + minutes(0.5)) == 0
    assert set(Delivery.objects.filter(done_at=None).values_list("due_at", flat=True)) == {SOON + minutes(1)}


def test_after_an_outage_what_was_written_first_leaves_first(
    cast: Cast, busy: Conversation, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "pace", 60)
    readers = [f"reader{number}@{'gmail' if number % 2 else 'gmx'}.test" for number in range(200)]
    written_to(busy, cast, *readers)
    use(monkeypatch, "")
    work_off(SOON)
    far_end = mail_server()
    no_server.wait_no_longer(at=SOON + minutes(1))
    for minute in range(1, 4):
        work_off(SOON + minutes(minute))

    arrived = [one.recipients[0] for one in far_end.received]
    assert sorted(arrived) == sorted(readers)
    for house in ("gmail", "gmx"):
        assert [one for one in arrived if house in one] == [one for one in readers if house in one]


def test_a_server_that_is_away_uses_up_nothing(cast: Cast, busy: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "smtp://mail.invalid:25")
    written_to(busy, cast, *(f"reader{number}@gmail.test" for number in range(8)))
    work_off(SOON)

    assert DomainPace.objects.get().letters == 0
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {0}


def test_two_workers_keep_one_pace(cast: Cast, busy: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    written_to(busy, cast, *(f"reader{number}@gmail.test" for number in range(8)))
    mine, theirs = work.claim(Delivery, at=SOON, limit=4), work.claim(Delivery, at=SOON, limit=4)
    deliver.deliver(mine, clock=lambda: SOON)
    deliver.deliver(theirs, clock=lambda: SOON)

    assert len(far_end.received) == 3
    assert DomainPace.objects.get().letters == 3


def test_a_sign_in_code_never_waits(cast: Cast, mail_server: Start) -> None:
    far_end = mail_server()
    for number in range(5):
        fields = [("From", letter.people([("", HELP)], field="From"))]
        system_mail.write(SystemMail.Kind.SIGN_IN, address="ana@courier.test", fields=fields, text=f"{number}", at=NOON)
        system_mail.write(
            SystemMail.Kind.ACKNOWLEDGEMENT, address="ada@gmail.test", fields=fields, text=f"{number}", at=NOON
        )
    deliver.deliver_system_mail(work.claim(SystemMail, at=SOON, limit=32), clock=lambda: SOON)

    assert [one.recipients[0] for one in far_end.received].count("ana@courier.test") == 5
    assert len(far_end.received) == 8


def test_no_limit_writes_nothing(
    cast: Cast, busy: Conversation, mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far_end = mail_server()
    monkeypatch.setitem(settings.EVERYHAND.values, "pace", None)
    written_to(busy, cast, *(f"reader{number}@gmail.test" for number in range(8)))
    work_off(SOON)

    assert len(far_end.received) == 8
    assert not DomainPace.objects.exists()


def test_domains_nobody_writes_to_any_more_are_forgotten(cast: Cast, busy: Conversation, mail_server: Start) -> None:
    mail_server()
    written_to(busy, cast, "ada@gmail.test")
    work_off(SOON)
    written_to(busy, cast, "ada@gmx.test")
    work_off(SOON + pace.REMEMBERED + minutes(1))

    assert [one.domain for one in DomainPace.objects.all()] == ["gmx.test"]


def test_another_domain_that_ends_alike_is_another(cast: Cast, busy: Conversation, mail_server: Start) -> None:
    far_end = mail_server()
    written_to(busy, cast, *(f"reader{number}@mail.test" for number in range(4)), "ada@hotmail.test")
    work_off(SOON)

    assert "ada@hotmail.test" in [one.recipients[0] for one in far_end.received]
