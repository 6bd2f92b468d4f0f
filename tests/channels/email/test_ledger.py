"""The ledger is watched at what it costs to look at what came lately."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext

from everyhand.channels.email import accept, queries
from everyhand.channels.email.models import Mail, RawMail
from tests.cast import HELP, NOON, Cast


def comes(number: int) -> Mail:
    raw = b"From: ada@example.org\r\n\r\nletter %d\r\n" % number
    return accept.accept(accept.Arriving(raw, "test", "ada@example.org", (HELP,)), at=NOON).mail


def test_all_mail_is_counted_once_and_then_what_came_since(cast: Cast) -> None:
    comes(1)
    balance = queries.Balance()
    assert balance.stands()
    comes(2)
    with CaptureQueriesContext(connection) as asked:
        assert balance.stands()
    assert not [one for one in asked if "COUNT" in one["sql"]]


def test_a_mail_that_nothing_became_of_is_told_of_until_it_is_found(cast: Cast) -> None:
    comes(1)
    balance = queries.Balance()
    assert balance.stands()
    lost = RawMail.objects.create(digest="f" * 64, size=1, content=b"?")
    assert [balance.stands(), balance.stands()] == [False, False]
    lost.delete()
    assert balance.stands()


def test_what_was_lost_before_the_first_look_is_seen(cast: Cast) -> None:
    comes(1).delete()
    assert not queries.Balance().stands()
