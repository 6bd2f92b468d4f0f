"""Work is rows: claimed with a lease, completed together with its effect, never lost and never done twice."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyhand.channels.email.models import SystemMail
from everyhand.core import heartbeat, work
from tests.cast import NOON, minutes


def task(*, due: float = 0, number: int = 0) -> SystemMail:
    return SystemMail.objects.create(
        kind="sign-in", address=f"{number}@example.org", content=b"", made_at=NOON, due_at=NOON + minutes(due)
    )


@pytest.mark.django_db
def test_what_is_due_is_handed_out_the_longest_waiting_first_and_the_rest_later() -> None:
    later, second, first = task(due=10), task(due=-1), task(due=-5)
    assert work.claim(SystemMail, at=NOON, limit=10, lease=minutes(30)) == [first, second]
    assert work.claim(SystemMail, at=NOON + minutes(10), limit=10) == [later]


@pytest.mark.django_db
def test_a_claimed_row_is_handed_to_nobody_else_until_its_lease_runs_out() -> None:
    row = task()
    assert work.claim(SystemMail, at=NOON, limit=1, lease=minutes(2)) == [row]
    assert work.claim(SystemMail, at=NOON + minutes(1.9), limit=1) == []
    assert work.claim(SystemMail, at=NOON + minutes(2.1), limit=1) == [row]


@pytest.mark.django_db
def test_a_heartbeat_keeps_the_lease() -> None:
    task()
    rows = work.claim(SystemMail, at=NOON, limit=1, lease=minutes(2))
    assert work.keep(rows, at=NOON + minutes(1.5), lease=minutes(2)) == 1
    assert work.claim(SystemMail, at=NOON + minutes(3), limit=1) == []


@pytest.mark.django_db
def test_who_lost_the_lease_can_neither_complete_nor_fail_the_row() -> None:
    task()
    (slow,) = work.claim(SystemMail, at=NOON, limit=1, lease=minutes(1))
    (fast,) = work.claim(SystemMail, at=NOON + minutes(2), limit=1)
    with pytest.raises(work.LeaseLost):
        work.complete(slow, at=NOON + minutes(3))
    work.fail(slow, "too late to tell", at=NOON + minutes(3))
    work.complete(fast, at=NOON + minutes(3))
    row = SystemMail.objects.get()
    assert row.done_at == NOON + minutes(3)
    assert not row.last_error


@pytest.mark.django_db
def test_a_row_that_fails_comes_back_after_growing_pauses_and_is_set_aside_when_they_are_used_up() -> None:
    task()
    at, tries = NOON, 0
    while claimed := work.claim(SystemMail, at=at, limit=1):
        tries += 1
        work.fail(claimed[0], f"try {tries}", at=at)
        at += minutes(200)
    assert tries == len(SystemMail.pauses) + 1
    (row,) = work.quarantined(SystemMail)
    assert row.last_error == f"try {tries}"
    work.retry(row, at=at)
    assert work.claim(SystemMail, at=at, limit=1) == [row]


@pytest.mark.django_db
def test_whatever_goes_wrong_with_a_row_is_told_in_it_and_an_outage_is_not_its_fault() -> None:
    task()

    def do(error: Exception) -> None:
        raise error

    def fails(after: float, error: Exception) -> str:
        (row,) = work.claim(SystemMail, at=NOON + minutes(after), limit=1)
        with work.attempt(row, at=NOON + minutes(after)):
            do(error)
        return SystemMail.objects.get().last_error

    assert fails(0, ZeroDivisionError("a part of nothing")) == "ZeroDivisionError: a part of nothing"
    # Of this row, though it comes from the database.
    assert fails(10, IntegrityError("there is one like it")) == "IntegrityError: there is one like it"
    with pytest.raises(OperationalError):
        fails(20, OperationalError("the connection is lost"))
    assert SystemMail.objects.get().last_error == "IntegrityError: there is one like it"


@pytest.mark.django_db
def test_a_row_that_kills_its_worker_each_time_is_set_aside_and_the_next_one_flows() -> None:
    killer = task(due=-1)
    at = NOON
    for _ in range(len(SystemMail.pauses) + 1):
        assert work.claim(SystemMail, at=at, limit=1) == [killer]
        at += minutes(10)  # the worker is dead: nobody completes, nobody fails it
    next_one = task()
    assert work.claim(SystemMail, at=at, limit=5) == [next_one]
    assert list(work.quarantined(SystemMail)) == [killer]


@pytest.mark.django_db
def test_what_can_not_be_done_yet_is_put_off_without_counting() -> None:
    waiting = task()
    for turn in range(20):
        (row,) = work.claim(SystemMail, at=NOON + minutes(turn), limit=1)
        work.put_off(row, "nowhere to send it to", until=NOON + minutes(turn + 1))
    assert SystemMail.objects.get().attempts == 0
    assert list(work.struggling(SystemMail)) == [waiting]


@pytest.mark.django_db
def test_late_work_is_shown() -> None:
    late, _ = task(due=-10), task(due=-1)
    assert list(work.late(SystemMail, at=NOON, by=minutes(5))) == [late]


@pytest.mark.usefixtures("two_connections")
def test_four_workers_share_the_rows_and_do_each_once() -> None:
    for number in range(60):
        task(number=number)
    done: list[int] = []

    def take() -> None:
        try:
            while rows := work.claim(SystemMail, at=NOON, limit=7):
                for row in rows:
                    with transaction.atomic():
                        work.complete(row, at=NOON)
                    done.append(row.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == len(set(done)) == 60


@pytest.mark.usefixtures("two_connections")
def test_leases_are_kept_while_slow_work_goes_on() -> None:
    row = task()
    claimed = work.claim(SystemMail, at=NOON, limit=1, lease=timedelta(seconds=1))
    changed = threading.Event()
    with heartbeat.leases_kept(claimed, every=timedelta(milliseconds=20)):
        for _ in range(200):
            row.refresh_from_db()
            if row.claimed_until and row.claimed_until > NOON + minutes(5):
                changed.set()
                break
            changed.wait(0.02)
    assert changed.is_set()


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["complete", "fail", "die", "retry", "wait"]), max_size=25))
def test_whatever_happens_a_row_is_open_done_or_set_aside_and_done_at_most_once(steps: list[str]) -> None:
    SystemMail.objects.all().delete()
    row, at, done, in_hand = task(), NOON, 0, list[SystemMail]()
    for step in steps:
        in_hand = work.claim(SystemMail, at=at, limit=1) or in_hand
        if step == "complete" and in_hand:
            try:
                work.complete(in_hand[0], at=at)
                done += 1
            except work.LeaseLost:
                pass
        elif step == "fail" and in_hand:
            work.fail(in_hand[0], "no luck", at=at)
        elif step == "retry":
            work.retry(row, at=at)
        at += minutes(7 if step in ("die", "wait") else 0.1)
    row.refresh_from_db()
    assert done <= 1
    assert [row.is_open, row.done_at is not None, row.quarantined_at is not None].count(True) == 1
    assert (row.done_at is not None) == (done == 1)
