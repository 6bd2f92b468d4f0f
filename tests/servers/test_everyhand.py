"""Everyhand can be started, ended, killed and started again; mail gets in and out through a real mail server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.servers.everyhand import RunningEveryhand
from tests.servers.postfix import Postfix

MAIL = b"""\
From: Ada Brown <ada@customers.test>
To: help@paper.test
Subject: No paper this morning
Message-ID: <riverside@customers.test>

Riverside route 4 again: no paper since Monday.
"""


def subjects(everyhand: RunningEveryhand) -> list[str]:
    return [json.loads(line)["subject"] for line in everyhand.run("list", "--json").splitlines()]


def test_it_serves_until_it_is_told_to_end(everyhand: RunningEveryhand) -> None:
    assert everyhand.healthy()
    assert len(everyhand.members()) > 1

    everyhand.stop()

    assert not everyhand.healthy()


@pytest.mark.alone
def test_a_mail_it_took_is_there_after_a_kill(everyhand: RunningEveryhand) -> None:
    everyhand.run("mailbox", "add", "help@paper.test")
    everyhand.send(MAIL, to="help@paper.test")

    everyhand.kill9()
    everyhand.restart()

    everyhand.wait_until(lambda: subjects(everyhand) == ["No paper this morning"], seconds=20, what="the mail is filed")


def test_mail_travels_in_and_out_through_postfix(
    start_everyhand: Callable[..., RunningEveryhand], make_postfix: Callable[..., Postfix]
) -> None:
    postfix = make_postfix()
    everyhand = start_everyhand(mail_url=postfix.url, EVERYHAND_ACKNOWLEDGE="on")
    everyhand.run("mailbox", "add", "help@paper.test")
    postfix.start(relay={"paper.test": everyhand.smtp_port})

    postfix.deliver(MAIL, sender="ada@customers.test", to="help@paper.test")

    (acknowledgement,) = postfix.wait_for_mail("ada@customers.test", seconds=30)
    assert "ada@customers.test" in acknowledgement["To"]
    assert subjects(everyhand) == ["No paper this morning"]
