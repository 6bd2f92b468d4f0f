"""The thread that looks after a mailbox: it hears of new mail, comes back after trouble, and ends when told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.utils import timezone

from everyhand.channels.email.fetching import health
from everyhand.channels.email.fetching.fetcher import Fetcher
from everyhand.channels.email.fetching.fetchers import Fetchers
from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.core import heartbeat, secrets
from tests.channels.email.fetching.conftest import connected, letter, sources, stored
from tests.servers.imap import Cut, Folder, ImapServer
from tests.servers.processes import wait_until

Fetch = Callable[..., Fetcher]


def idles(folder: Folder) -> Callable[[], bool]:
    return lambda: bool(folder.said) and folder.said[-1] == "IDLE"


def threads_for(box: ConnectedMailbox) -> int:
    return sum(thread.name == f"fetch-{box.pk}" for thread in threading.enumerate())


def test_a_mail_that_arrives_while_we_wait_comes_in_at_once(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch
) -> None:
    fetch(box)
    wait_until(idles(folder), seconds=10, what="it waits for news")

    folder.add(letter(1))

    wait_until(lambda: stored() == [letter(1)], seconds=5, what="the letter is in")


def test_without_idle_it_looks_now_and_then(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everyhand.channels.email.fetching.server.POLL_SECONDS", 0.1)
    folder.capabilities = "IMAP4rev1"
    fetch(box)
    wait_until(lambda: "NOOP" in folder.said, seconds=10, what="it has looked")

    folder.add(letter(1))

    wait_until(lambda: stored() == [letter(1)], seconds=5, what="the letter is in")
    assert "IDLE" not in folder.said


def test_after_a_broken_connection_it_comes_back_by_itself(box: ConnectedMailbox, folder: Folder, fetch: Fetch) -> None:
    folder.add(letter(1))
    failures = iter([True, True, True])

    def break_off(name: str, _arguments: str) -> None:
        if name == "EXAMINE" and next(failures, False):
            raise Cut

    folder.before = break_off

    fetch(box)

    wait_until(lambda: stored() == [letter(1)], seconds=20, what="the letter is in")


def test_trouble_is_written_down_and_forgotten_when_it_is_over(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch
) -> None:
    folder.refuse_login = "[UNAVAILABLE] Backend is resting"
    fetch(box)

    def in_trouble() -> bool:
        box.refresh_from_db()
        return box.failing_since is not None

    wait_until(in_trouble, seconds=10, what="the trouble is known")
    assert (box.trouble, box.last_ok_at) == ("server", None)
    assert box.trouble_said == "[UNAVAILABLE] Backend is resting"

    folder.refuse_login = ""

    wait_until(lambda: not in_trouble(), seconds=20, what="the trouble is over")
    assert box.last_ok_at is not None
    assert (box.trouble, box.trouble_said) == ("", "")


def test_who_waits_for_news_ends_within_seconds(box: ConnectedMailbox, folder: Folder, fetch: Fetch) -> None:
    fetcher = fetch(box)
    wait_until(idles(folder), seconds=10, what="it waits for news")
    began = time.monotonic()

    fetcher.stop()
    fetcher.join(10)

    assert not fetcher.is_alive
    assert time.monotonic() - began < 3


def test_who_waits_in_vain_for_an_answer_ends_within_seconds(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch
) -> None:
    folder.add(letter(1))
    asked, answer = threading.Event(), threading.Event()

    def hang(name: str, arguments: str) -> None:
        if name == "FETCH" and "BODY" in arguments:
            asked.set()
            answer.wait(30)

    folder.before = hang
    fetcher = fetch(box)
    assert asked.wait(10)
    began = time.monotonic()

    fetcher.stop()
    fetcher.join(10)
    answer.set()

    assert not fetcher.is_alive
    assert time.monotonic() - began < 3
    assert stored() == []


def test_a_mailbox_that_hangs_does_not_delay_another(box: ConnectedMailbox, folder: Folder) -> None:
    answer = threading.Event()
    folder.add(letter(1))

    def hang(name: str, _arguments: str) -> None:
        if name == "SEARCH":
            answer.wait(30)

    folder.before = hang
    quick = ImapServer(Folder())
    quick.folder.add(letter(2))
    connected("127.0.0.1", quick.port, user="sales@paper.test")
    fetchers = Fetchers(clock=timezone.now)
    running = threading.Thread(target=fetchers.run)
    running.start()
    try:
        wait_until(lambda: stored() == [letter(2)], seconds=10, what="the quick one is in")
        answer.set()
        wait_until(lambda: letter(1) in stored(), seconds=10, what="the slow one is in")
    finally:
        answer.set()
        fetchers.stop()
        running.join(10)
        quick.close()
    assert not running.is_alive()


def test_mailboxes_are_noticed_when_they_come_and_go(box: ConnectedMailbox, folder: Folder) -> None:
    folder.add(letter(1))
    ConnectedMailbox.objects.update(paused_at=timezone.now())
    fetchers = Fetchers(clock=timezone.now)
    running = threading.Thread(target=fetchers.run)
    running.start()
    try:
        wait_until(lambda: not heartbeat.silent(["fetch"], at=timezone.now()), seconds=10, what="it runs")
        assert folder.said == []
        (paused,) = health.of_all(at=timezone.now())
        assert paused.state is health.State.PAUSED

        ConnectedMailbox.objects.update(paused_at=None)
        wait_until(lambda: stored() == [letter(1)], seconds=10, what="the letter is in")
        wait_until(idles(folder), seconds=10, what="it waits for news")
        (well,) = health.of_all(at=timezone.now())
        assert (well.state, well.sentence) == (health.State.WELL, "Its mail is fetched as it arrives.")

        ConnectedMailbox.objects.all().delete()
        wait_until(lambda: threads_for(box) == 0, seconds=10, what="it is left alone")
    finally:
        fetchers.stop()
        running.join(10)


def test_a_new_password_is_used_at_once(box: ConnectedMailbox, folder: Folder) -> None:
    folder.add(letter(1))
    ConnectedMailbox.objects.update(secret=secrets.seal("wrong"))
    fetchers = Fetchers(clock=timezone.now)
    running = threading.Thread(target=fetchers.run)
    running.start()
    try:

        def refused() -> bool:
            box.refresh_from_db()
            return box.trouble == "password"

        wait_until(refused, seconds=10, what="the password is refused")
        ConnectedMailbox.objects.update(secret=secrets.seal("riverside"), changed_at=timezone.now())
        wait_until(lambda: stored() == [letter(1)], seconds=10, what="the letter is in")
    finally:
        fetchers.stop()
        running.join(10)


def test_eight_who_fetch_the_same_mailbox_take_each_mail_once(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch
) -> None:
    for number in range(20):
        folder.add(letter(number))

    for _ in range(8):
        fetch(box)

    def all_have_looked() -> bool:
        return folder.said.count("IDLE") >= 8

    wait_until(all_have_looked, seconds=60, what="all have looked")
    assert sorted(stored()) == sorted(letter(number) for number in range(20))
    assert len(set(sources())) == 20
    assert Mail.objects.count() == 20


def test_the_password_is_in_no_log(
    box: ConnectedMailbox, folder: Folder, fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    folder.refuse_login = "[AUTHENTICATIONFAILED] no"
    fetch(box)

    wait_until(lambda: "a mailbox could not be fetched" in caplog.text, seconds=10, what="it is logged")

    assert "riverside" not in caplog.text
