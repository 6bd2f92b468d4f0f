"""Mail of the program itself: a row in the caller's transaction, sent later, emptied then."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection, send_mail
from django.db import transaction
from django.utils import timezone

from everyhand.channels.email.models import Mailbox, SystemMail
from everyhand.channels.email.outbound.deliver import deliver_system_mail
from everyhand.channels.email.outbound.no_server import NO_SERVER
from everyhand.core import work
from tests.cast import HELP
from tests.channels.email.far_end import Start, use
from tests.channels.email.test_letter import parsed

ANA = "ana@courier.test"
SECRET = "ABC-123"


@pytest.fixture(autouse=True)
def by_rows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Django's test runner puts its own back end in place; we want the one an installation has."""
    backend = "everyhand.channels.email.outbound.system_mail.Backend"
    monkeypatch.setattr("django.conf.settings.EMAIL_BACKEND", backend)
    Mailbox.objects.create(address=HELP)


def send_code() -> SystemMail:
    send_mail("Sign-in code", f"Your code: {SECRET}", None, [ANA])
    return SystemMail.objects.get()


def work_off() -> SystemMail:
    at = timezone.now()
    deliver_system_mail(work.claim(SystemMail, at=at, limit=8), clock=lambda: at)
    return SystemMail.objects.get()


def test_a_code_waits_as_a_row_until_a_worker_sends_it(mail_server: Start) -> None:
    far_end = mail_server()
    assert send_code().kind == SystemMail.Kind.SIGN_IN
    assert far_end.received == []
    mail = work_off()
    (received,) = far_end.received
    assert (received.sender, received.recipients) == ("<>", [ANA])
    letter = parsed(received.raw)
    assert letter["From"] == f"Everyhand <{HELP}>"
    assert (letter["To"], letter["Subject"]) == (ANA, "Sign-in code")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert SECRET in str(letter.get_content())
    assert (bytes(mail.content), mail.is_open) == (b"", False)


def test_it_is_gone_with_the_transaction_that_failed() -> None:
    class Failed(Exception):
        pass

    def fail_after_sending() -> None:
        with transaction.atomic():
            send_code()
            raise Failed

    with pytest.raises(Failed):
        fail_after_sending()
    assert not SystemMail.objects.exists()


def test_it_waits_for_a_server_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "")
    send_code()
    mail = work_off()
    assert (mail.is_open, mail.last_error, mail.attempts) == (True, NO_SERVER, 0)


def test_it_is_kept_while_the_server_refuses_it(mail_server: Start) -> None:
    far_end = mail_server()
    far_end.moods.recipients[ANA] = "451 4.3.0 Later"
    send_code()
    mail = work_off()
    assert (mail.is_open, mail.last_error) == (True, "451 4.3.0 Later")
    assert len(mail.content) > 0


def test_the_sender_that_is_set_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "mail_from", "door@courier.test")
    monkeypatch.setattr("django.conf.settings.DEFAULT_FROM_EMAIL", "door@courier.test")
    assert parsed(bytes(send_code().content))["From"] == "Everyhand <door@courier.test>"


def test_html_and_files_go_along_and_each_recipient_has_a_mail_of_their_own() -> None:
    message = EmailMultiAlternatives("News", "Text", None, [ANA, "Ben <ben@courier.test>"], bcc=["cyd@courier.test"])
    message.attach_alternative("<p>Text</p>", "text/html")
    message.attach("a.txt", "words", "text/plain")
    assert get_connection().send_messages([message]) == 1
    first, second, third = SystemMail.objects.order_by("pk")
    assert [first.address, second.address, third.address] == [ANA, "ben@courier.test", "cyd@courier.test"]
    letter = parsed(bytes(second.content))
    assert letter["To"] == "Ben <ben@courier.test>"
    assert [file.get_content() for file in letter.iter_attachments()] == ["words"]
    html = letter.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>Text</p>"


def test_nothing_is_injected() -> None:
    send_mail("Code\r\nBcc: evil@evil.test", "x", None, [ANA])
    letter = parsed(bytes(SystemMail.objects.get().content))
    assert letter["Bcc"] is None
    assert letter["Subject"] == "Code Bcc: evil@evil.test"
