"""What a mail says is stored alike on SQLite and PostgreSQL, which differ in what they refuse; its bytes are kept whole."""

from __future__ import annotations

import pytest

from everyhand.channels.email.models import RawMail
from everyhand.channels.email.parsing import limits
from everyhand.conversations.models import Message
from tests.channels.email.proof.post import ADA, Post

LONG = 64_000
PLAIN = 'Content-Type: text/plain; charset="{}"\r\nContent-Transfer-Encoding: 8bit\r\n'


def mail(field: str = "", body: bytes = b"Hello.\r\n", *, sender: str = ADA) -> bytes:
    head = f"From: {sender}\r\nTo: help@courier.test\r\nMessage-ID: <odd@example.org>\r\n{field}"
    return head.encode("utf-8", "surrogateescape") + b"\r\n" + body


def test_an_over_long_subject_is_cut_and_kept_in_the_bytes(post: Post) -> None:
    raw = mail("Subject: " + "ä paper " * (LONG // 8) + "\r\n")
    filed = post.comes(raw)
    assert filed.outcome == "filed"
    assert filed.message is not None
    assert len(filed.message.subject) == Message._meta.get_field("subject").max_length
    assert filed.message.subject.startswith("ä paper ä paper")
    assert bytes(RawMail.objects.get().content) == raw


def test_an_over_long_name_is_cut(post: Post) -> None:
    filed = post.comes(mail(sender=f'"{"Ada " * 2_500}" <{ADA}>'))
    assert filed.conversation is not None
    assert filed.conversation.customer.name.startswith("Ada Ada")
    assert len(filed.conversation.customer.name) <= limits.NAME_LENGTH


@pytest.mark.parametrize("local", ["a" * 5_000, "ü" * 5_000, "\x00" * 300])
def test_an_address_nobody_can_have_is_nobodys(post: Post, local: str) -> None:
    filed = post.comes(mail(sender=f"Ada <{local}@example.org>"))
    assert filed.outcome == "filed"
    assert filed.conversation is not None
    assert len(filed.conversation.customer.address) <= limits.EMAIL_LENGTH


def test_a_line_of_a_megabyte_is_a_line(post: Post) -> None:
    raw = mail(body=b"paper " * 170_000 + b"\r\n")
    filed = post.comes(raw)
    assert filed.message is not None
    assert filed.message.text.startswith("paper paper")
    assert bytes(RawMail.objects.get().content) == raw


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", b"No\x00 paper", "No paper"),
        ("utf-8", "Grüße 📰 漢字".encode(), "Grüße 📰 漢字"),
        ("iso-8859-1", "Grüße – “so”".encode("windows-1252"), "Grüße – “so”"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("gb2312", "报纸没来".encode("gb18030"), "报纸没来"),
        ("iso-2022-jp", "新聞が来ません".encode("iso-2022-jp"), "新聞が来ません"),
        ("utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("utf-7", b"+2AA-", "\ufffd"),
        ("unknown-8bit-zz", "Grüße".encode(), "Grüße"),
        ("windows-1251", "Нет газеты".encode("windows-1251"), "Нет газеты"),
        ("utf-8", b"\xed\xa0\x80 paper", "í € paper"),
        ("utf-8", "\u202egazette\u202c".encode(), "\u202egazette\u202c"),
    ],
)
def test_every_charset_is_the_same_text(post: Post, charset: str, body: bytes, text: str) -> None:
    filed = post.comes(mail(PLAIN.format(charset), body + b"\r\n"))
    assert filed.message is not None
    filed.message.refresh_from_db()
    assert " ".join(filed.message.text.split()) == text
