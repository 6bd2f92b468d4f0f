"""A provider brings mail by HTTP: proved, stored before it is answered, and known when it comes again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client, override_settings
from django.utils import timezone

from everyhand.channels.email import queries
from everyhand.channels.email.models import Mail, RawMail, Redelivery
from everyhand.channels.email.webhooks.providers import PROVIDERS
from everyhand.config import environment
from everyhand.conversations.models import Conversation
from tests.cast import HELP
from tests.channels.email.proof.post import Post
from tests.channels.email.steps import Blow
from tests.channels.email.webhooks import providers
from tests.channels.email.webhooks.providers import ADA, TAKEN_APART, WHOLE, Request, path
from tests.web.house import browser_of

HEADERS = {
    "From": f"Ada Brown <{ADA}>",
    "To": HELP,
    "Subject": "Wet paper",
    "Message-ID": "<wet@example.org>",
    "Date": "Mon, 02 Mar 2026 12:00:00 +0000",
}
TEXT = "The paper was wet again, grüße."
LETTER = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items()).encode() + (
    f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{TEXT}\r\n".encode()
)
# Bytes that are no UTF-8, the two ends of a line, and what could be taken for the end of a part of a form.
ODD = LETTER.replace(b"utf-8", b"iso-8859-1").replace("grüße".encode(), "grüße".encode("latin-1")) + (
    b"a\nb\rc\0d\xff\r\n--\r\n--cut--\r\n%41+%42&x=y\r\n"
)
PNG = b"\x89PNG\r\n\x1a\n\0\xff"

brought_whole = pytest.mark.parametrize("bring", WHOLE, ids=lambda bring: bring.__name__)
taken_apart = pytest.mark.parametrize("bring", TAKEN_APART, ids=lambda bring: bring.__name__)
Bring = Callable[[bytes], Request]
BringParts = Callable[[dict[str, str], str, bytes], Request]


@pytest.fixture(autouse=True)
def providers_bring_mail() -> Iterator[None]:
    with installed(
        inbound_webhooks=list(PROVIDERS),
        inbound_webhook_secret=providers.SECRET,
        mailgun_webhook_secret=providers.MAILGUN_KEY,
        mandrill_webhook_secret=providers.MANDRILL_KEY,
    ):
        yield


def installed(**values: object) -> override_settings:
    return override_settings(EVERYHAND=replace(settings.EVERYHAND, values={**settings.EVERYHAND.values, **values}))


def stored() -> list[bytes]:
    return [bytes(raw.content) for raw in RawMail.objects.order_by("pk")]


@brought_whole
def test_what_a_provider_brings_stands_in_the_inbox(post: Post, bring: Bring) -> None:
    answer = bring(LETTER).send()
    assert answer.status_code == 200
    post.work(at=timezone.now())
    mail = Mail.objects.get()
    assert (mail.outcome, mail.envelope_to) == ("filed", [HELP])
    assert mail.envelope_from == ("" if mail.source == "webhook mandrill" else ADA)
    page = browser_of(post.cast.ines).get("/inbox/everyone").content.decode()
    assert "Wet paper" in page
    assert "Ada Brown" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "bring", [providers.mailgun, providers.mailgun_in_one_line, providers.sendgrid, providers.sparkpost]
)
def test_the_mail_is_stored_byte_for_byte(bring: Bring) -> None:
    assert bring(ODD).send().status_code == 200
    assert stored() == [ODD]


@pytest.mark.django_db
@brought_whole
def test_what_comes_again_is_known(bring: Bring) -> None:
    assert [bring(LETTER).send().status_code for _time in range(3)] == [200, 200, 200]
    assert stored() == [LETTER]
    assert Redelivery.objects.count() == 2
    assert queries.ledger().balanced


@taken_apart
def test_a_mail_that_was_taken_apart_is_rebuilt_with_its_files_and_says_so(post: Post, bring: BringParts) -> None:
    for _time in range(2):
        assert bring(HEADERS, TEXT, PNG).send().status_code == 200
    post.work(at=timezone.now())
    mail = Mail.objects.get()
    assert mail.source == f"webhook {bring.__name__.partition('_')[0]}, rebuilt"
    message = Conversation.objects.get().messages.get()
    assert TEXT in message.text
    assert message.verdict == {}
    assert [(one.type, bytes(one.blob.content)) for one in message.attachments.all()] == [("image/png", PNG)]
    assert Redelivery.objects.count() == 1


@pytest.mark.django_db
def test_several_mails_in_one_request_are_all_stored() -> None:
    letters = [LETTER.replace(b"wet@", b"wet%d@" % number) for number in range(3)]
    assert providers.sparkpost(*letters).send().status_code == 200
    assert providers.mandrill(*letters).send().status_code == 200
    assert stored() == letters


@pytest.mark.django_db
@brought_whole
def test_without_the_secret_nothing_is_stored(bring: Bring) -> None:
    request = bring(LETTER)
    assert replace(request, secret="everyhand:a-guess-of-somebody").send().status_code == 400
    assert Client().post(path(request.name), request.body, request.type).status_code == 400
    assert stored() == []


@pytest.mark.django_db
def test_a_wrong_signature_is_refused_whoever_knows_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    for bring in (providers.mailgun, providers.mandrill):
        assert bring(LETTER, key="of somebody else").send().status_code == 400
    assert stored() == []
    assert "incorrect signature" in caplog.text
    assert providers.SECRET.partition(":")[2] not in caplog.text


@pytest.mark.django_db
def test_half_a_form_is_refused() -> None:
    request = providers.mailgun(LETTER)
    assert replace(request, body=request.body[:-40]).send().status_code == 400
    assert replace(request, type="multipart/form-data").send().status_code == 400
    assert stored() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bring", [providers.mailgun, providers.postmark, providers.sendgrid])
def test_at_whatever_step_the_database_fails_the_provider_is_asked_to_come_again(bring: Bring) -> None:
    answers = set()
    for number in range(50):
        letter = LETTER.replace(b"wet@", b"wet%d@" % number)
        blow = Blow(number, OperationalError)
        with blow.falls():
            answer = bring(letter).send()
        answers.add((blow.struck, answer.status_code, answer.headers.get("Retry-After")))
        assert bring(letter).send().status_code == 200
        assert stored().count(letter) == 1
        if not blow.struck:
            break
    assert answers == {(True, 503, "60"), (False, 200, None)}
    assert queries.ledger().balanced


@pytest.mark.django_db
def test_when_the_disk_is_full_the_provider_is_asked_to_come_again() -> None:
    with installed(free_space=1 << 60):
        assert providers.postmark(LETTER).send().status_code == 503
    assert stored() == []


@pytest.mark.django_db
def test_a_mail_that_is_too_large_waits_in_quarantine() -> None:
    with installed(smtp_max_size=2_000_000):
        assert providers.mailgun(LETTER + b"wet " * 800_000).send().status_code == 200
    mail = Mail.objects.get()
    assert (mail.outcome, len(stored()[0])) == ("quarantined", 1_000_000)
    assert mail.why.startswith("The mail is 3 MB long; we take up to 2 MB.")


@pytest.mark.django_db
def test_a_mail_larger_than_any_form_of_people_is_taken() -> None:
    assert providers.mailgun(LETTER + b"wet " * 4_000_000).send().status_code == 200
    assert len(stored()[0]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE


@pytest.mark.django_db
def test_what_nobody_can_make_out_waits_in_quarantine() -> None:
    strange = Request("postmark", "application/json", json.dumps({"RawEmail": 7}).encode(), {})
    assert strange.send().status_code == 200
    mail = Mail.objects.get()
    assert mail.outcome == "quarantined"
    assert stored()[0].endswith(b'{"RawEmail": 7}')


@pytest.mark.django_db
def test_what_is_no_mail_is_answered_and_not_stored() -> None:
    opened = Request("postmark", "application/json", json.dumps({"RecordType": "Open"}).encode(), {})
    ping = Request("sparkpost", "application/json", json.dumps([{"msys": {}}]).encode(), {})
    assert (opened.send().status_code, ping.send().status_code) == (200, 200)
    assert stored() == []


@pytest.mark.django_db
def test_only_providers_that_were_named_have_an_address() -> None:
    assert Client().head(path("mailgun")).status_code == 200
    with installed(inbound_webhooks=["postmark"]):
        assert providers.mailgun(LETTER).send().status_code == 404
        assert Client().head(path("mailgun")).status_code == 404
        assert providers.postmark(LETTER).send().status_code == 200
    assert Client().post(path("somebody")).status_code == 404


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"INBOUND_WEBHOOKS": "pigeon"}, "give one or several of mailgun, mandrill"),
        ({"INBOUND_WEBHOOKS": "postmark"}, "but EVERYHAND_INBOUND_WEBHOOK_SECRET is not set"),
        (
            {"INBOUND_WEBHOOKS": "mailgun, mandrill", "INBOUND_WEBHOOK_SECRET": providers.SECRET},
            "EVERYHAND_MAILGUN_WEBHOOK_SECRET and EVERYHAND_MANDRILL_WEBHOOK_SECRET are not set",
        ),
        ({"INBOUND_WEBHOOK_SECRET": "short:one"}, "is “…”: give NAME:PASSWORD"),
        ({"MAILGUN_WEBHOOK_SECRET": "two words"}, "is “…”: give the key as the provider shows it"),
    ],
)
def test_what_is_missing_is_said_at_the_start(settings: dict[str, str], said: str) -> None:
    with pytest.raises(environment.SettingWrong, match=said):
        environment.read({f"EVERYHAND_{name}": value for name, value in settings.items()})


def test_without_the_extra_the_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(environment.SettingWrong, match=r"pip install 'everyhand\[anymail\]'"):
        environment.read({"EVERYHAND_INBOUND_WEBHOOKS": "postmark"})
