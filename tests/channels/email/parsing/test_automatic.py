"""A machine's mail is told from a person's; a person is never taken for a machine."""

from __future__ import annotations

import email
from email import policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import absence, automatic, bounces
from everyhand.desk.inbound import Address

ANNA = Address("Anna Lind", "anna@example.com")


def classify(
    fields: str = "", text: str = "My order is late.", *, sender: Address = ANNA, subject: str = "My order"
) -> str | None:
    source = f"Subject: {subject}\n{fields}\n\n{text}" if fields else f"Subject: {subject}\n\n{text}"
    message = email.message_from_bytes(source.encode(), policy=policy.compat32)
    bounce = bounces.recognise(message, text=text, sender=sender, subject=subject)
    return automatic.classify(message, text=text, sender=sender, subject=subject, bounce=bounce)


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Auto-Submitted: no",
        "Auto-Submitted: No (a person)",
        "Precedence: normal",
        "Precedence: first-class",
        "Feedback-ID: 1:campaign:ses",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "X-Autoreply: no",
        "Return-Path: <anna@example.com>",
        "List-Unsubscribe: <mailto:out@example.com>\nIn-Reply-To: <42@everyhand.example>",
        "X-Google-Group-Id: 4711\nPrecedence: list\nList-ID: <support.example.org>",
        "X-Loop: help@everyhand.example\nDelivered-To: help@everyhand.example",
    ],
)
def test_a_person_writes_whatever_their_mail_program_adds(fields: str) -> None:
    assert classify(fields) is None


@pytest.mark.parametrize(
    "fields",
    [
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-replied; owner-email=anna@example.com",
        "auto-submitted: Auto-Notified",
        "Auto-Submitted: no\nAuto-Submitted: auto-generated",
        "Precedence: auto_reply",
        "Precedence: normal\nPrecedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: gone fishing",
        "X-Auto-Response-Suppress: All",
        "Return-Path: <>",
    ],
)
def test_a_machine_that_says_so_is_believed(fields: str) -> None:
    assert classify(fields) == "auto-reply"


@pytest.mark.parametrize(
    "fields",
    [
        "Precedence: bulk",
        "Precedence: junk",
        "Precedence: normal\nPrecedence: bulk",
        "List-Id: Weekly <weekly.example.com>",
        "List-Unsubscribe: <https://example.com/out>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "List-Post: <mailto:talk@example.com>",
    ],
)
def test_what_goes_to_many_is_a_list(fields: str) -> None:
    assert classify(fields) == "list"


@pytest.mark.parametrize("local", ["MAILER-DAEMON", "postmaster", "mailer-daemon"])
def test_the_accounts_of_a_server_are_no_persons(local: str) -> None:
    assert classify(sender=Address("", f"{local}@example.com")) == "auto-reply"


def test_a_form_that_writes_for_a_customer_is_the_customers_mail() -> None:
    form = Address("Web form", "no-reply@shop.example")
    assert classify("Reply-To: anna@example.com", sender=form) is None
    assert classify(sender=form) is None
    assert classify("X-Auto-Response-Suppress: OOF", sender=form) == "auto-reply"


@pytest.mark.parametrize("language", absence.ANSWERED_BY_ITSELF)
def test_an_automatic_answer_is_known_by_its_subject_in(language: str) -> None:
    for prefix in absence.ANSWERED_BY_ITSELF[language].split("|"):
        assert classify(subject=f"{prefix.capitalize()}: My order") in ("auto-reply", "out-of-office")


@pytest.mark.parametrize("language", absence.AWAY)
def test_an_absence_note_is_known_by_its_subject_in(language: str) -> None:
    for words in absence.AWAY[language].split("|"):
        assert classify("Auto-Submitted: auto-replied", subject=f"{words}: My order") == "out-of-office"


def test_an_absence_note_without_a_field_of_its_own_is_known_by_what_it_answers() -> None:
    assert classify("In-Reply-To: <42@everyhand.example>", subject="Out of Office: Your invoice") == "out-of-office"


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office hours support?",
        "Absence: our son is ill",
        "Re: Automatic reply: Your invoice",
        "Vacation rental 4711",
        "Abwesenheit der Kollegin",
        "不在者投票について",
    ],
)
def test_a_person_may_write_about_absence(subject: str) -> None:
    assert classify(subject=subject, text="We will be on holiday, too.") is None


def test_an_automatic_answer_that_speaks_of_leave_is_an_absence_note() -> None:
    said = "Thank you for your mail. I am on parental leave until May."
    assert classify("Auto-Submitted: auto-replied", text=said, subject="Your mail") == "out-of-office"


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("multipart/report; report-type=feedback-report; boundary=x", "feedback-report"),
        ("multipart/report; report-type=disposition-notification; boundary=x", "receipt"),
    ],
)
def test_reports_are_named_for_what_they_report(kind: str, why: str) -> None:
    assert classify(f"Content-Type: {kind}") == why


def test_a_calendars_answer_without_words_is_automatic_and_an_invitation_is_not() -> None:
    assert classify("Content-Type: text/calendar; method=REPLY", text="") == "auto-reply"
    assert classify("Content-Type: text/calendar; method=REPLY", text="I am five minutes late") is None
    assert classify("Content-Type: text/calendar; method=REQUEST\nAuto-Submitted: auto-generated") is None


def test_a_mail_that_comes_round_again_is_a_loop() -> None:
    assert classify("\n".join(["Delivered-To: help@everyhand.example"] * (automatic.MAX_DELIVERIES + 1))) == "loop"
    assert classify("\n".join(["Received: from a by b"] * (automatic.MAX_HOPS + 1))) == "loop"


@given(
    st.lists(st.sampled_from(["Auto-Submitted", "Precedence", "Return-Path", "Content-Type", "X-Loop", "List-Id"])),
    st.text(max_size=60),
    st.text(max_size=60),
)
def test_nothing_in_a_mail_makes_it_raise(names: list[str], value: str, text: str) -> None:
    fields = "".join(f"{name}: {value}\n" for name in names)
    message = email.message_from_bytes(f"{fields}\n{text}".encode(), policy=policy.compat32)
    automatic.classify(message, text=text, sender=Address(value, text), subject=value, bounce=None)
