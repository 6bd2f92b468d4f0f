"""Header fields as a person reads them."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from everyhand.channels.email.parsing import headers, parameters
from tests.channels.email.parsing.mails import mail, read


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?utf-8*de?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?q?one?= =?utf-8?q?_two?=", "one two"),
        ("=?utf-8?q?one?= and =?utf-8?q?two?=", "one and two"),
        ("before=?utf-8?q?_glued_?=after", "before glued after"),
        ('"=?utf-8?q?in_quotes?="', '"in quotes"'),
        ("=?utf-8?q?with real blanks?=", "with real blanks"),
        ("=?utf-8?q?what?_why??=", "what? why?"),
        ("=?utf-8?q?unfinished", "=?utf-8?q?unfinished"),
        ("=?nonsense-8859?q?M=FCller?=", "Müller"),
        ("=?gb2312?B?xOO6w6OsysC95w==?=", "你好，世界"),
        ("=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=", "こんにちは"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
    ],
)
def test_encoded_words_are_read_as_they_are_really_sent(sent: str, shown: str) -> None:
    assert read(mail(subject=sent)).subject == shown


def test_a_character_split_between_two_encoded_words_is_whole_again() -> None:
    assert read(mail(subject="=?utf-8?q?J=C3?= =?utf-8?q?=BCrgen?=")).subject == "Jürgen"
    assert read(mail(subject="=?utf-8?b?SsM=?=\n =?utf-8?b?vHJnZW4=?=")).subject == "Jürgen"


def test_base64_cut_in_the_middle_of_a_group_is_joined_before_it_is_decoded() -> None:
    assert headers.decode("=?utf-8?b?SsO8cm?= =?utf-8?b?dlbg==?=") == "Jürgen"


def test_folded_lines_are_one_line() -> None:
    assert read(mail(subject="one\n two\n\tthree")).subject == "one two three"


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_raw_bytes_in_a_header_are_read_in_the_charset_they_fit(charset: str) -> None:
    assert read("From: ann@example.com\r\nSubject: Grüße\r\n\r\n".encode(charset)).subject == "Grüße"


def test_raw_bytes_in_a_header_are_read_in_the_charset_of_the_body_when_it_names_one() -> None:
    raw = "From: ann@example.com\nSubject: Привет\nContent-Type: text/plain; charset=koi8-r\n\nx".encode("koi8-r")
    assert read(raw).subject == "Привет"


def test_control_characters_and_line_separators_never_reach_a_subject() -> None:
    assert read(mail(subject="=?utf-8?q?a=0D=0ABcc:_x=00y=E2=80=A8z?=")).subject == "a Bcc: xy z"


def test_all_fields_of_a_name_are_read_in_their_order_from_any_message() -> None:
    message = message_from_bytes(b"X-Loop: one\nx-loop: =?utf-8?q?tw=C3=B6?=\n\n")
    assert headers.all_text(message, "X-LOOP") == ["one", "twö"]
    assert headers.text(message, "X-Loop") == "one"
    assert headers.text(message, "missing") == ""


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('attachment; filename="report.pdf"', "report.pdf"),
        ("attachment; filename=annual report.pdf", "annual report.pdf"),
        ("attachment; filename*=utf-8''na%C3%AFve%20plan.txt", "naïve plan.txt"),
        ('attachment; filename*0="first "; filename*1="second.txt"', "first second.txt"),
        ("attachment; filename*0*=utf-8'de'Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=\".txt\"", "Grüße.txt"),
        ("attachment; filename*1=b.txt; filename*0=a", "ab.txt"),
        ("attachment; filename=\"plain.txt\"; filename*=utf-8''better.txt", "better.txt"),
        ('attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?="', "Grüße.txt"),
        ('attachment; filename="a;b\\"c.txt"', 'a;b"c.txt'),
        ('attachment; filename="never closed.txt', "never closed.txt"),
        ("attachment;; ; filename = spaced.txt ;", "spaced.txt"),
        ("filename=bare.txt", "bare.txt"),
    ],
)
def test_file_names_are_read_in_all_the_ways_they_are_sent(sent: str, name: str) -> None:
    assert parameters.read(sent)[1]["filename"] == name
