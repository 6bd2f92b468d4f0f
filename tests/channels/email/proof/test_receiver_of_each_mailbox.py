"""What a provider writes into a mail proves who wrote it in the mailboxes that it fills itself, and in no other."""

from __future__ import annotations

import importlib
from datetime import date
from typing import Final

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

from everyhand.channels.email import accept
from everyhand.channels.email.fetching import connecting, receivers
from everyhand.channels.email.fetching.connecting import Found
from everyhand.channels.email.models import ConnectedMailbox, Mail
from everyhand.core.journal import Entry
from everyhand.desk.belonging import Held
from tests.cast import NOON
from tests.channels.email.proof.post import Post
from tests.channels.email.proof.senders import written
from tests.web.house import browser_of

ANA: Final = "Ana Silva <ana@courier.test>"
FOUND_BY_GOOGLE: Final = (
    "Received: by 2002:a05:7022:6b9f with SMTP id x; Mon\r\nReceived: from out.example.org by mx.google.com; Mon\r\n"
    "Authentication-Results: mx.google.com; dmarc=pass header.from=courier.test\r\n"
)


def connect(host: str, user: str) -> ConnectedMailbox:
    """As an administrator does, who chooses nothing."""
    box = ConnectedMailbox(host=host, port=993, security="tls", user=user, import_since=date(2026, 2, 1))
    return connecting.connect(box, Found(0, 0, 7, 1), address=user, days=30, at=NOON)


def lies_in(box: ConnectedMailbox, raw: bytes, post: Post) -> Mail:
    """This mail is fetched from there, and filed."""
    source = f"imap {box} 7/{Mail.objects.count() + 1}"
    arriving = accept.Arriving(raw, source, fetched_into=box.mailbox, arrived_at=NOON)
    accepted = accept.accept(arriving, at=NOON).mail
    post.work()
    return Mail.objects.select_related("message").get(pk=accepted.pk)


def from_ana(text: str) -> bytes:
    return FOUND_BY_GOOGLE.encode() + written(ANA, text, **{"Message-ID": f"<{len(text)}@courier.test>"})


def test_findings_that_somebody_wrote_into_a_mail_for_another_mailbox_are_not_believed(post: Post) -> None:
    at_google = connect("imap.gmail.com", "help@courier.test")
    elsewhere = connect("imap.small.test", "sales@courier.test")

    genuine = lies_in(at_google, from_ana("It is me."), post)
    forged = lies_in(elsewhere, from_ana("It is me, and I need the keys."), post)

    assert (genuine.outcome, genuine.held) == (Mail.Outcome.FILED, "")
    assert genuine.message is not None
    assert genuine.message.verdict["judged_by"] == "mx.google.com"
    assert (forged.outcome, forged.held) == (Mail.Outcome.QUARANTINED, Held.MEMBER_UNPROVED)


def test_a_mailbox_that_is_fetched_no_more_has_nobody_to_vouch_for_its_mail(post: Post) -> None:
    box = connect("imap.gmail.com", "help@courier.test")
    accept.accept(
        accept.Arriving(from_ana("It is me."), f"imap {box} 7/1", fetched_into=box.mailbox, arrived_at=NOON), at=NOON
    )
    connecting.disconnect(box, at=NOON)

    post.work()

    assert Mail.objects.get().held == Held.MEMBER_UNPROVED


@pytest.mark.parametrize(
    ("host", "receiver"),
    [
        ("imap.gmail.com", "mx.google.com"),
        ("outlook.office365.com", "protection.outlook.com"),
        ("imap.courier.test", "mx.courier.test"),  # a neighbour of the one that the setting names
        ("mx.courier.test", "mx.courier.test"),
        ("imap.elsewhere.test", ""),
        ("courier.test.evil.test", ""),
        ("localhost", ""),
    ],
)
def test_the_usual_receiver_is_the_one_that_fills_the_mailbox(
    host: str, receiver: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "trusted_receiver", "mx.courier.test")

    assert connect(host, "help@courier.test").receiver == receiver


def test_mailboxes_from_before_are_given_theirs_by_the_migration(db: None) -> None:
    connect("imap.gmail.com", "help@courier.test")
    connect("imap.small.test", "sales@courier.test")
    ConnectedMailbox.objects.update(receiver="")
    migration = importlib.import_module("everyhand.channels.email.migrations.0006_receiver_of_each_mailbox")

    migration.name_the_usual(apps, connection.schema_editor())

    assert list(ConnectedMailbox.objects.values_list("receiver", flat=True)) == ["mx.google.com", ""]


def test_an_administrator_says_who_is_believed(post: Post) -> None:
    box = connect("imap.small.test", "sales@courier.test")
    browser = browser_of(post.cast.ines)
    assert "Nobody is believed about who wrote a mail." in browser.get("/mailboxes").content.decode()

    browser.post(f"/mailboxes/{box.pk}/receiver", {"receiver": "MX.google.com"})

    assert "Who wrote a mail is told by mx.google.com." in browser.get("/mailboxes").content.decode()
    assert lies_in(box, from_ana("It is me."), post).outcome == Mail.Outcome.FILED
    chosen = Entry.objects.get(action="mailbox.receiver_chosen")
    assert (chosen.actor, chosen.particulars["receiver"]) == (f"member:{post.cast.ines.pk}", "mx.google.com")


def test_what_can_be_no_name_of_a_server_is_refused_beside_the_field_and_stays_typed(post: Post) -> None:
    box = connect("imap.small.test", "sales@courier.test")

    page = browser_of(post.cast.ines).post(f"/mailboxes/{box.pk}/receiver", {"receiver": "mx.a.test; dmarc=pass"})

    assert page.status_code == 422
    assert "Give the one name with which the field Authentication-Results begins" in page.content.decode()
    assert "mx.a.test; dmarc=pass" in page.content.decode()
    assert not ConnectedMailbox.objects.exclude(receiver="").exists()


def test_one_read_tells_for_all_mails_of_a_batch_and_none_is_needed_without_fetched_ones(
    post: Post,
    django_assert_num_queries: object,
) -> None:
    box = connect("imap.gmail.com", "help@courier.test")
    mails = [Mail(pk=number, source=f"imap {box} 7/{number}") for number in range(5)]

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert set(receivers.of_mails(mails).values()) == {"mx.google.com"}
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert receivers.of_mails([Mail(pk=1, source="smtp 192.0.2.7")]) == {}
