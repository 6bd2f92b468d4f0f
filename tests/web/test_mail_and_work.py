"""The mail ledger, quarantine and stuck work: nothing disappears, and a person can act."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from everyhand.channels.email import queries
from everyhand.channels.email.models import Mail, RawMail
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.desk.join import join
from everyhand.desk.verdict import Finding, Result, Verdict
from tests.web.house import House, answers, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def accepted(number: int, outcome: str = "quarantined", content: bytes = b"Subject: x\n\nHello", **more: Any) -> Mail:
    now = timezone.now()
    raw = RawMail.objects.create(digest=f"{number:064}", size=len(content), content=content)
    fields: dict[str, Any] = {"source": "smtp 192.0.2.7", "sender": f"reader{number}@example.org", "subject": "Odd"}
    if outcome == "quarantined":
        fields |= {"quarantined_at": now, "why": "It is nested too deeply.", "attempts": 4, "last_error": "TooHostile"}
    return Mail.objects.create(raw=raw, accepted_at=now, due_at=now, outcome=outcome, **{**fields, **more})


def test_a_quarantined_mail_is_shown_with_its_reason_and_tried_again(house: House) -> None:
    mail = accepted(1, content=b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: a@b.test\r\n\r\nHello you")
    browser = browser_of(house.ana)
    assert "It is nested too deeply." in words(browser.get("/quarantine"))
    page = words(browser.get(f"/quarantine/{mail.pk}"))
    for told in ("It is nested too deeply.", "smtp 192.0.2.7", "Grüße", "Hello you", "TooHostile"):
        assert told in page
    raw = browser.get(f"/quarantine/{mail.pk}/raw")
    assert raw.content.endswith(b"Hello you")
    browser.post(f"/quarantine/{mail.pk}/retry")
    mail.refresh_from_db()
    assert (mail.outcome, mail.attempts, mail.is_open) == ("pending", 0, True)


def test_a_mail_that_nobody_can_read_is_put_away_with_a_reason_and_stays_in_the_ledger(house: House) -> None:
    mail = accepted(1)
    browser, address = browser_of(house.ana), f"/quarantine/{mail.pk}"
    assert "Put it away" in words(browser.get(address))
    for reason in ("", " \0 "):
        refused = browser.post(f"{address}/decision", {"decision": "dismiss", "reason": reason}, follow=True)
        assert "Say why it can be put away" in words(refused)
    for never in ("join", "open"):
        browser.post(f"{address}/decision", {"decision": never, "reason": "why not"})
    mail.refresh_from_db()
    assert (mail.outcome, mail.decision) == ("quarantined", "")

    browser.post(f"{address}/decision", {"decision": "dismiss", "reason": "an advertisement"})
    mail.refresh_from_db()
    assert (mail.outcome, mail.is_open, mail.quarantined_at) == ("suppressed", False, None)
    assert queries.ledger().balanced
    assert "reader1@example.org" not in words(browser.get("/quarantine"))
    ledger = words(browser.get("/mail-ledger"))
    assert "A person put it away: an advertisement" in ledger
    assert f"{address}/raw" in ledger
    assert browser.get(f"{address}/raw").content.endswith(b"Hello")
    assert browser_of(house.carla).get(f"{address}/raw").status_code == 404


def test_a_mail_in_quarantine_does_not_stand_among_stuck_work_too(house: House) -> None:
    accepted(1)
    assert "reader1@example.org" in words(browser_of(house.ana).get("/quarantine"))
    assert "reader1@example.org" not in words(browser_of(house.ana).get("/stuck-work"))


@pytest.mark.parametrize("outcome", ["pending", "filed", "suppressed"])
def test_whoever_comes_late_to_a_waiting_mail_is_told_that_somebody_has_seen_to_it(house: House, outcome: str) -> None:
    mail = accepted(1, outcome)
    browser, address = browser_of(house.ana), f"/quarantine/{mail.pk}"
    late = [browser.get(address + what, follow=True) for what in ("", "/raw")] + [
        browser.post(address + what, fields, follow=True)
        for what, fields in (("/retry", {}), ("/decision", {"decision": "open"}), ("/decision", {"decision": "?"}))
    ]
    assert [answer.status_code for answer in late] == [200] * 5
    assert all("somebody has seen to it" in words(answer) for answer in late)
    mail.refresh_from_db()
    assert (mail.outcome, mail.decision) == (outcome, "")


@pytest.mark.parametrize("content", [b"", b"\0\xff" * 50, b"no headers at all", b"Subject: x", b":\n:\n\n" * 9])
def test_whatever_it_is_it_can_be_looked_at(house: House, content: bytes) -> None:
    mail = accepted(1, content=content, sender="", subject="")
    assert browser_of(house.ana).get(f"/quarantine/{mail.pk}").status_code == 200


def test_the_ledger_balances_and_leads_to_every_mail(house: House) -> None:
    accepted(1)
    accepted(2, "suppressed", why="out-of-office", done_at=timezone.now())
    received = arrives()
    accepted(3, "filed", done_at=timezone.now(), conversation=received.conversation, message=received.message)
    browser = browser_of(house.ana)
    page = words(browser.get("/mail-ledger"))
    assert "It balances" in page
    assert "out-of-office" in page
    assert f"/conversations/{received.conversation.pk}" in page
    only = words(browser.get("/mail-ledger?outcome=suppressed"))
    assert "reader2@example.org" in only
    assert "reader1@example.org" not in only


def test_the_ledger_leads_to_where_a_mail_stands_now(house: House) -> None:
    kept, merged = arrives().conversation, arrives("Still none.")
    accepted(1, "filed", done_at=timezone.now(), conversation=merged.conversation, message=merged.message)
    join(kept, merged.conversation, by=house.ana, at=timezone.now())
    beside = Conversation.objects.create(
        aside_of=kept, customer=kept.customer, owner=house.ana, opened_at=timezone.now(), last_message_at=timezone.now()
    )
    answer = Message.objects.create(conversation=beside, direction="in", text="Bob did.", at=timezone.now())
    accepted(2, "filed", done_at=timezone.now(), conversation=beside, message=answer)
    browser = browser_of(house.ana)
    page = words(browser.get("/mail-ledger"))
    assert f'href="/conversations/{kept.pk}"' in page
    assert f'href="/conversations/{beside.pk}"' in page
    assert browser.get(f"/conversations/{beside.pk}").headers["Location"] == f"/asides/{beside.pk}"
    assert "For a private team" not in page


def test_the_ledger_says_nothing_about_mail_to_a_private_team_of_others(house: House) -> None:
    private = arrives("my boss", to="hr@courier.test", subject="Shouting")
    accepted(
        1,
        "filed",
        done_at=timezone.now(),
        conversation=private.conversation,
        message=private.message,
        subject="Shouting",
    )
    page = words(browser_of(house.ana).get("/mail-ledger"))
    assert "Shouting" not in page
    assert "reader1@example.org" not in page


def test_the_ledger_goes_on_page_after_page(house: House) -> None:
    for number in range(1, 56):
        accepted(number)
    browser = browser_of(house.ana)
    first = words(browser.get("/mail-ledger"))
    assert "reader55@" in first
    assert "reader5@" not in first
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert "reader5@" in words(browser.get(f"/mail-ledger{following}"))


def test_what_is_stuck_is_said_in_words_and_tried_again(house: House) -> None:
    conversation = arrives().conversation
    reply = answers(house.ana, conversation, "Hello", at=timezone.now() - timedelta(hours=1))
    browser = browser_of(house.ana)
    assert "Is the worker running?" in words(browser.get("/stuck-work"))
    Delivery.objects.filter(message=reply).update(quarantined_at=timezone.now(), last_error="550 no such user")
    page = words(browser.get("/stuck-work"))
    assert "A reply to ada@example.org" in page
    assert "550 no such user" in page
    delivery = Delivery.objects.get()
    browser.post(f"/stuck-work/delivery/{delivery.pk}/retry")
    delivery.refresh_from_db()
    assert delivery.is_open


def test_stuck_mail_leaves_quarantine_too_when_it_is_tried_again(house: House) -> None:
    mail = accepted(1)
    browser_of(house.ana).post(f"/stuck-work/mail/{mail.pk}/retry")
    mail.refresh_from_db()
    assert (mail.outcome, mail.is_open) == ("pending", True)


@pytest.mark.parametrize("kind", ["member", "nothing", "delivery"])
def test_only_work_can_be_tried_again(house: House, kind: str) -> None:
    assert browser_of(house.ana).post(f"/stuck-work/{kind}/999/retry").status_code == 404


def test_stuck_replies_of_a_private_team_do_not_tell_whom_they_are_for(house: House) -> None:
    private = arrives("my boss", to="hr@courier.test").conversation
    answers(house.dora, private, "We listen.")
    Delivery.objects.update(quarantined_at=timezone.now(), last_error="550")
    page = words(browser_of(house.ana).get("/stuck-work"))
    assert "A reply in a team of others" in page
    assert "ada@example.org" not in page


def held(house: House, number: int = 1, **more: Any) -> Mail:
    """A mail in Ada's name that her domain disowns, written as an answer to her conversation."""
    conversation = arrives(subject="Round 4").conversation
    why = "The domain it names says that it is forged."
    return accepted(number, held="forged-reply", would_join=conversation, why=why, subject="Re: Round 4", **more)


def test_a_held_mail_is_shown_with_its_reason_and_what_can_be_decided(house: House) -> None:
    mail = held(house)
    browser = browser_of(house.ana)
    assert "Decide" in words(browser.get("/quarantine"))
    page = words(browser.get(f"/quarantine/{mail.pk}"))
    for told in ("says that it is forged", "Round 4", 'value="join"', 'value="open"', 'value="dismiss"'):
        assert told in page
    assert "No paper on route 4 today." not in page
    decided = browser.post(f"/quarantine/{mail.pk}/decision", {"decision": "join"}, follow=True)
    assert "goes into the conversation" in words(decided)
    mail.refresh_from_db()
    assert (mail.outcome, mail.decision, mail.is_open) == ("pending", "join", True)
    browser.post(f"/quarantine/{mail.pk}/decision", {"decision": "open"})
    mail.refresh_from_db()
    assert mail.decision == "join"


@pytest.mark.parametrize("decision", ["", "publish", "JOIN"])
def test_only_what_is_offered_can_be_decided(house: House, decision: str) -> None:
    mail = held(house)
    browser = browser_of(house.ana)
    assert "nothing was changed" in words(
        browser.post(f"/quarantine/{mail.pk}/decision", {"decision": decision}, follow=True)
    )
    mail.refresh_from_db()
    assert (mail.outcome, mail.decision) == ("quarantined", "")


def test_account_mail_of_other_services_can_not_be_put_into_anybodys_conversation(house: House) -> None:
    mail = accepted(1, held="account-mail", sender="no-reply@accounts.google.com")
    browser = browser_of(house.ana)
    assert 'value="join"' not in words(browser.get(f"/quarantine/{mail.pk}"))
    browser.post(f"/quarantine/{mail.pk}/decision", {"decision": "join"})
    mail.refresh_from_db()
    assert mail.outcome == "quarantined"


def test_a_held_answer_to_a_private_team_tells_others_nothing_of_its_conversation(house: House) -> None:
    private = arrives("my boss", to="hr@courier.test", subject="Shouting").conversation
    mail = accepted(1, held="forged-reply", would_join=private)
    page = words(browser_of(house.ana).get(f"/quarantine/{mail.pk}"))
    assert "Shouting" not in page
    assert f"/conversations/{private.pk}" not in page
    assert "a team of others" in page


def test_a_message_says_whether_its_sender_is_who_they_say(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    page = f"/conversations/{received.conversation.pk}"
    assert "message__proof" not in words(browser.get(page))
    forged = Verdict(dmarc=Finding(Result.FAIL, "example.org"), claimed="example.org", judged_by="everyhand")
    received.message.verdict = forged.as_json()
    received.message.save()
    assert "Claims to come from example.org, but that domain says it is forged" in words(browser.get(page))
    assert "message__proof--forged" in words(browser.get(page))
