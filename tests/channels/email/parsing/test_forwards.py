"""Jonas, who works here, forwards what a customer, Mia Bergmann, wrote to him."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from everyhand.channels.email.parsing import forwarded_dates, forwards
from everyhand.desk.inbound import Address, Forwarded

GMAIL = "---------- Forwarded message ---------\nFrom: Mia Bergmann <mia@home.example>\nDate: {}\nSubject: Lamp\nTo: <jonas@shop.example>\n\n"


def forwarded(text: str, subject: str = "Fwd: Lamp", attached: tuple[bytes, ...] = ()) -> Forwarded:
    found = forwards.find(text, subject, attached)
    assert found is not None
    return found


def test_a_forward_names_who_wrote_the_original_and_what() -> None:
    found = forwarded("Please help her.\n\n" + GMAIL.format("Mon, 3 May 2021 10:12:00 +0200") + "It flickers.\n\nMia")
    assert found == Forwarded(
        sender=Address("Mia Bergmann", "mia@home.example"),
        to=(Address("", "jonas@shop.example"),),
        subject="Lamp",
        sent_at=datetime(2021, 5, 3, 8, 12, tzinfo=UTC),
        text="It flickers.\n\nMia",
        dated="Mon, 3 May 2021 10:12:00 +0200",
        beside="Please help her.",
    )


def test_an_ordinary_mail_forwards_nothing() -> None:
    assert forwards.find("It flickers.", "Lamp") is None
    assert forwards.find("", "") is None
    assert forwards.find("It flickers.", "Fwd: Lamp") is None


def test_a_reply_to_a_forward_is_no_forward() -> None:
    text = "Done.\n\nOn Mon, 3 May 2021 at 10:12, Jonas <jonas@shop.example> wrote:\n\n" + GMAIL.format("3 May")
    assert forwards.find(text + "It flickers.", "Re: Lamp") is None


def test_the_history_of_a_reply_is_no_forward() -> None:
    text = "Yes.\n\n-----Original Message-----\nFrom: Jonas <jonas@shop.example>\nSent: Monday 10:12\nTo: Mia\nSubject: Lamp\n\nHot?"
    assert forwards.find(text, "Re: Lamp") is None


def test_a_mail_that_is_nothing_but_an_older_one_is_a_forward_unless_its_subject_answers() -> None:
    text = "From: Mia <mia@home.example>\nSent: Monday, 3 May 2021 10:12\nTo: Jonas\nSubject: Lamp\n\nIt flickers."
    assert forwarded(text, "Lamp").sender.email == "mia@home.example"
    assert forwards.find(text, "Re: Lamp") is None
    assert forwards.find(f"Hello,\n\n{text}", "Lamp") is None


def test_a_forward_of_a_forward_is_told_by_who_forwarded_first() -> None:
    inner = GMAIL.format("1 May").replace("Mia Bergmann <mia@home.example>", "Ann <ann@home.example>")
    found = forwarded(GMAIL.format("3 May") + "See what my sister wrote.\n\n" + inner + "It burns.")
    assert found.sender.email == "mia@home.example"
    assert found.text == "See what my sister wrote."


def test_the_original_keeps_its_signature_and_loses_its_history() -> None:
    body = "It flickers.\n\n-- \nMia Bergmann\nTel. 030 123456\n\nOn Sun, 2 May 2021 at 09:00, Jonas <jonas@shop.example> wrote:\n> Hot?"
    assert forwarded(GMAIL.format("3 May") + body).text == "It flickers.\n\n-- \nMia Bergmann\nTel. 030 123456"


def test_words_of_the_member_below_a_quoted_original_are_not_the_customers() -> None:
    text = "> From: Mia <mia@home.example>\n> Date: 3 May 10:12\n> Subject: Lamp\n>\n> It flickers.\n\n\nCan you take it?\n\nJonas"
    assert (forwarded(text).text, forwarded(text).beside) == ("It flickers.", "Can you take it?\n\nJonas")


def test_what_the_member_wrote_is_told_apart_without_their_signature_and_the_lines_of_their_program() -> None:
    outlook = "Mia waits.\n\n-- \nJonas Weber\nThe Shop\n\n________________________________\nFrom: Mia <mia@home.example>\nSent: Monday, 3 May 2021 10:12\nTo: Jonas\nSubject: Lamp\n\nIt flickers."
    found = forwarded(outlook)
    assert (found.beside, found.text, found.dated) == ("Mia waits.", "It flickers.", "Monday, 3 May 2021 10:12")
    assert forwarded(GMAIL.format("3 May") + "It flickers.").beside == ""


@pytest.mark.parametrize(
    ("value", "name", "email"),
    [
        ('"Bergmann, Mia" <mia@home.example>', "Bergmann, Mia", "mia@home.example"),
        ("Bergmann, Mia <mia@home.example>", "Bergmann, Mia", "mia@home.example"),
        ("'Mia' <mia@home.example>", "Mia", "mia@home.example"),
        ("mia@home.example", "", "mia@home.example"),
        ("<mia@home.example>", "", "mia@home.example"),
        ("mia@home.example <mia@home.example>", "", "mia@home.example"),
        ("Mia [mailto:mia@home.example]", "Mia", "mia@home.example"),
        ("Mia <mailto:mia@home.example>", "Mia", "mia@home.example"),
        ("Mia<mailto:mia@home.example> <mia@home.example<mailto:mia@home.example>>", "Mia", "mia@home.example"),
        ("Mia <mia@home.example> on behalf of desk@shop.example", "Mia", "mia@home.example"),
        ("Mia (mia@home.example)", "Mia", "mia@home.example"),
        ("Mia <Mia.B@Home.Example>", "Mia", "Mia.B@home.example"),
    ],
)
def test_senders_are_read_as_programs_write_them(value: str, name: str, email: str) -> None:
    text = f"---------- Forwarded message ---------\nFrom: {value}\nDate: 3 May\nSubject: Lamp\n\nIt flickers."
    assert forwarded(text).sender == Address(name, email)


def test_a_header_in_an_unknown_language_is_read_by_its_values() -> None:
    header = "Zed: Mia <mia@home.example>\nPa: 3 mul 2021 10:12\nGir: Lamp\nNi: jonas@shop.example"
    for text in (
        f"---------- Forwarded message ---------\n{header}\n\nIt flickers.",
        f"________\n{header}\n\nIt flickers.",
    ):
        found = forwarded(text)
        assert found.sender == Address("Mia", "mia@home.example")
        assert found.subject == "Lamp"
        assert found.text == "It flickers."


def test_a_note_below_a_complete_header_belongs_to_the_original() -> None:
    text = GMAIL.format("3 May").rstrip() + "\nNote: it flickers."
    assert forwarded(text).text == "Note: it flickers."


def test_all_recipients_are_read_once() -> None:
    text = (
        "---------- Forwarded message ---------\nFrom: Mia <mia@home.example>\nSubject: Lamp\n"
        'To: "Weber, Jonas" <jonas@shop.example>, Ann <ann@home.example>;\nBen <ben@home.example>; ann@home.example\n\nHi'
    )
    assert forwarded(text).to == (
        Address("Weber, Jonas", "jonas@shop.example"),
        Address("Ann", "ann@home.example"),
        Address("Ben", "ben@home.example"),
    )


def test_a_mail_forwarded_as_an_attachment_is_read() -> None:
    raw = (
        b"From: =?utf-8?q?Mia_B=C3=A4r?= <mia@home.example>\r\nTo: jonas@shop.example\r\nSubject: =?utf-8?q?L=C3=A4mpchen?=\r\n"
        b"Date: Mon, 3 May 2021 10:12:00 +0200\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nIt flickers.\r\n\r\n"
        b"On Sun, 2 May 2021 at 09:00, Jonas <jonas@shop.example> wrote:\r\n> Hot?\r\n"
    )
    assert forwarded("See attached.", "Lamp", (raw,)) == Forwarded(
        sender=Address("Mia Bär", "mia@home.example"),
        to=(Address("", "jonas@shop.example"),),
        subject="Lämpchen",
        sent_at=datetime(2021, 5, 3, 8, 12, tzinfo=UTC),
        text="It flickers.",
        dated="Mon, 3 May 2021 10:12:00 +0200",
        beside="See attached.",
    )


def test_an_attachment_that_names_nobody_is_passed_over() -> None:
    assert forwards.find("See attached.", "Fwd: Lamp", (b"", b"Subject: x\r\n\r\ny")) is None
    second = b"From: mia@home.example\r\n\r\nIt flickers."
    assert forwarded("See attached.", "Fwd: Lamp", (b"", second)).sender.email == "mia@home.example"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wed, 3 Nov 2021 15:51:30 +0100", datetime(2021, 11, 3, 14, 51, 30, tzinfo=UTC)),
        ("26. Oktober 2021 um 14:25:08 MESZ", datetime(2021, 10, 26, 12, 25, 8, tzinfo=UTC)),
        ("25 October 2021 at 11:17:21 EEST", datetime(2021, 10, 25, 8, 17, 21, tzinfo=UTC)),
        ("26 октября 2021 г. в 14:25:08 GMT+3", datetime(2021, 10, 26, 11, 25, 8, tzinfo=UTC)),
        ("lundi 19 septembre 2022 à 15:20:05 +0200", datetime(2022, 9, 19, 13, 20, 5, tzinfo=UTC)),
        ("maanantai 19. syyskuuta 2022 klo 17.55.44 -0400", datetime(2022, 9, 19, 21, 55, 44, tzinfo=UTC)),
        ("Monday, September 19, 2022, 5:55:44 PM -0400", datetime(2022, 9, 19, 21, 55, 44, tzinfo=UTC)),
        ("2021年11月2日 09:26:50 JST", datetime(2021, 11, 2, 0, 26, 50, tzinfo=UTC)),
        ("Thursday, 28 October 2021 12:46", None),
        ("31 June 2021 10:12 CET", None),
        ("October 2021", None),
        ("", None),
    ],
)
def test_dates_are_read_where_they_say_everything(value: str, expected: datetime | None) -> None:
    assert forwarded_dates.parse(value) == expected
