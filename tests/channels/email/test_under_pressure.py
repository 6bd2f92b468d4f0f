"""The SMTP door when there is too much, too little, or no time left."""

from __future__ import annotations

import smtplib
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.signals import connection_created

from everyhand.channels.email.models import Mail, Redelivery
from tests.channels.email.door import LETTER, Door, Line, Open, everybody_locked_out, impatient, send, stored

SIZES = (1, 600_000, 1, 1)

pytestmark = pytest.mark.django_db(transaction=True)


def test_whoever_tries_out_addresses_is_sent_away(open_door: Open) -> None:
    with closing(Line(open_door(refused_recipients=3))) as line:
        line.say(b"EHLO mail.customers.test", b"MAIL FROM:<>", *(b"RCPT TO:<a%d@paper.test>" % n for n in range(3)))
        assert line.hear().startswith(b"421 4.7.0 ")
        assert line.hear() == b""


def test_recipients_beyond_the_limit_are_asked_to_come_separately(open_door: Open) -> None:
    door = open_door(recipients=2)
    refused = send(door, to=["a@shop.test", "b@shop.test", "c@shop.test"])
    assert refused["c@shop.test"][0] == 452
    assert Mail.objects.get().envelope_to == ["a@shop.test", "b@shop.test"]


def test_more_connections_than_allowed_are_asked_to_come_later(open_door: Open) -> None:
    door = open_door(connections=2)
    with closing(Line(door)) as first, closing(Line(door)), closing(Line(door)) as third:
        assert third.greeting.startswith(b"421 4.7.0 ")
        assert first.say(b"QUIT").startswith(b"221 ")
        assert first.hear() == b""
        with closing(Line(door)) as fourth:
            assert fourth.greeting.startswith(b"220 ")


def test_who_says_nothing_is_sent_away(open_door: Open) -> None:
    with closing(Line(open_door(idle_seconds=0.2))) as line:
        assert line.hear().startswith(b"421 4.4.2 ")
        assert line.hear() == b""


def test_a_locked_database_asks_the_sender_to_come_later_and_nothing_is_half_taken(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    with closing(Line(door)) as line:
        line.begin()
        line.send(LETTER)
        with everybody_locked_out():
            assert line.say(b".").startswith(b"451 4.3.0 ")
        line.begin()
        line.send(LETTER)
        assert line.say(b".").startswith(b"250 ")
    assert stored() == [LETTER]


@pytest.mark.sqlite
def test_a_full_disk_asks_the_sender_to_come_later(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # what earlier tests left behind is room, too
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
    options = connections.settings["default"]["OPTIONS"]
    with monkeypatch.context() as full:
        full.setitem(options, "init_command", options["init_command"] + f"PRAGMA max_page_count={pages};")
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            send(door, LETTER + b"x" * 900_000)
    assert refusal.value.smtp_code == 452
    assert stored() == []


def test_mail_is_asked_to_come_later_while_the_disk_is_nearly_full(
    open_door: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "free_space", 10**15)
    with pytest.raises(smtplib.SMTPSenderRefused) as refusal:
        send(open_door())
    assert refusal.value.smtp_code == 452


def test_mails_that_arrive_together_share_a_commit(door: Door) -> None:
    with ThreadPoolExecutor(8) as clients:
        with everybody_locked_out():
            replies = [clients.submit(send, door, LETTER + b"%d\r\n" % number) for number in range(8)]
            time.sleep(0.5)
        for reply in replies:
            assert reply.result() == {}
    assert Mail.objects.count() == 8
    # The first one found the database closed; the seven that came while it waited were accepted at one time.
    assert len(set(Mail.objects.values_list("accepted_at", flat=True))) <= 3


def test_stopping_finishes_what_is_being_committed_and_asks_the_others_to_come_again(open_door: Open) -> None:
    door = open_door()
    with closing(Line(door)) as idle, closing(Line(door)) as busy:
        busy.begin()
        with everybody_locked_out():
            busy.send(LETTER + b".\r\n")
            time.sleep(0.3)
            stopping = threading.Thread(target=door.listener.stop)
            stopping.start()
            assert idle.hear().startswith(b"421 4.3.2 ")
        assert busy.hear().startswith(b"250 ")
        stopping.join(10)
        assert not stopping.is_alive()
    assert stored() == [LETTER]


@pytest.mark.sqlite
def test_a_mail_the_database_can_not_hold_does_not_keep_the_others_out(door: Door) -> None:
    def hold_little(connection: Any, **_: object) -> None:
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 500_000)

    connection_created.connect(hold_little)
    try:
        with ThreadPoolExecutor(4) as clients, everybody_locked_out():
            waiting = [clients.submit(send, door, LETTER + b"%d" % number * size) for number, size in enumerate(SIZES)]
            time.sleep(0.5)
        refusals = [reply.exception() for reply in waiting]
    finally:
        connection_created.disconnect(hold_little)
    assert [getattr(refusal, "smtp_code", None) for refusal in refusals] == [None, 451, None, None]
    assert Mail.objects.count() == 3


def test_mails_that_would_fill_the_memory_are_asked_to_come_later(open_door: Open) -> None:
    door = open_door(in_flight=300_000)
    with closing(Line(door)) as first, closing(Line(door)) as second:
        first.begin()
        first.send(b"x" * 900 + b"\r\n")
        for _ in range(250):
            first.send(b"x" * 998 + b"\r\n")
        second.begin()
        for _ in range(250):
            second.send(b"y" * 998 + b"\r\n")
        assert second.say(b".").startswith(b"452 4.3.1 ")
        for _ in range(250):
            first.send(b"x" * 998 + b"\r\n")
        assert first.say(b".").startswith(b"250 ")
        second.begin()
        second.send(LETTER)
        assert second.say(b".").startswith(b"250 ")
    assert Mail.objects.count() == 2


def test_a_client_that_leaves_before_the_answer_disturbs_nobody(door: Door) -> None:
    with closing(Line(door)) as line:
        line.begin()
        with everybody_locked_out():
            line.send(LETTER + b".\r\n")
            time.sleep(0.3)
            line.close()
    send(door)
    assert stored() == [LETTER]
    assert Redelivery.objects.count() == 1
