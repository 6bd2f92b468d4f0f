"""The database goes away between a server's 250 and our writing it down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from everyhand.channels.email.models import Mailbox
from everyhand.channels.email.outbound.deliver import deliver
from everyhand.conversations.models import Delivery
from everyhand.core import work
from everyhand.desk.receive import receive
from tests.cast import HELP, NOON, Cast, letter, minutes
from tests.channels.email.answers import answer
from tests.channels.email.far_end import Start

SOON = NOON + minutes(10)


@pytest.mark.usefixtures("transactional_db")
def test_a_letter_that_was_taken_while_the_database_is_away_is_noted_when_it_is_back_and_not_sent_again(
    mail_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = Cast()
    Mailbox.objects.create(address=HELP)
    opened = receive(letter(), channel="email", at=NOON, answered_from=HELP, ours=[HELP]).conversation
    answer(opened, cast)
    far_end = mail_server()
    monkeypatch.setattr("everyhand.channels.email.outbound.deliver.PAUSES_TO_NOTE", (0.01, 0.01, 0.01))
    failures = iter([OperationalError("away"), OperationalError("still away")])

    def fail_to_note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if far_end.received and (failure := next(failures, None)):
            raise failure
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail_to_note):
        deliver(work.claim(Delivery, at=SOON, limit=32), clock=lambda: SOON)
    assert next(failures, None) is None
    assert Delivery.objects.get().state == "sent"
    deliver(work.claim(Delivery, at=SOON + minutes(10), limit=32), clock=lambda: SOON + minutes(10))
    assert len(far_end.received) == 1
