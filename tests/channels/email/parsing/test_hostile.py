"""Mails made to break a parser: each is read or refused with a sentence, and the work grows no faster than they."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import addresses, charsets, headers, ids, parameters, plain, transfer
from everyhand.channels.email.parsing.limits import TooHostile
from tests.channels.email.parsing.mails import ANN, NOON, mail, read


def _nested(depth: int) -> bytes:
    levels = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return ANN + levels.encode() + b"\nHello"


_REFUSED = {
    "100,000 To fields": (b"To: a@b.example\n" * 100_000, "header"),
    "20,000 addresses": (b"To: " + b", ".join(b"u%d@b.example" % n for n in range(20_000)) + b"\n\n", "addresses"),
    "3,000 multiparts inside each other": (_nested(3_000), "nested"),
    "10,000 parts": (mail("--x\n\nHello\n" * 10_000, content_type="multipart/mixed; boundary=x"), "parts"),
    "a header of a megabyte": (b"Subject: " + b"x" * 1_000_000 + b"\n\n", "header"),
    "51 MB": (b"\n" + b"x" * 51 * 1024 * 1024, "51 MB"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_what_no_person_sends_is_refused_with_a_sentence(name: str) -> None:
    raw, word = _REFUSED[name]
    with pytest.raises(TooHostile) as refused:
        read(raw)
    assert word in refused.value.reason
    assert refused.value.reason.endswith(".")


_READ = {
    "500 open parentheses": mail(to="(" * 500),
    "100,000 open parentheses": mail(to="(" * 100_000),
    "20,000 encoded words": mail(subject=" ".join(["=?utf-8?q?x=C3=A4?="] * 20_000)),
    "encoded words that never end": mail(subject="=?a?q?x" * 50_000),
    "quotes that never close": mail(to='"a ' * 100_001),
    "escaped quotes that never close": mail(to='"' + '\\"' * 100_000),
    "brackets that never close": mail(to="<" * 100_000),
    "parameters without end": mail(content_type="text/plain; " + 'a="b;' * 50_000),
    "an unknown charset": mail(b"\xff\xfe\xfd", content_type="text/plain; charset=unknown-8bit-zz"),
    "a date at the end of time": mail(date="31 Dec 9999 23:59:59 -2359"),
    "a message id in brackets": mail(message_id="<[abc]@x>"),
    "a reference repeated without end": mail(references="<a@b> " * 60_000),
    "HTML nested without end": mail("<div>" * 50_000 + "Hello", content_type="text/html"),
    "a number too long to be a character": mail("&#" + "9" * 100_000 + ";", content_type="text/html"),
    "uuencoded files that never end": mail("begin 644 x\n" * 20_000),
    "48 multiparts inside each other": _nested(48),
}


@pytest.mark.parametrize("name", _READ)
def test_bombs_are_read_like_any_mail(name: str) -> None:
    assert read(_READ[name]).source == "test"


def test_thousands_of_messages_inside_each_other_are_one_file_or_refused() -> None:
    raw = ANN + b"Content-Type: message/rfc822\n\n" * 3_000
    try:
        kinds = [file.type for file in read(raw).files]
    except TooHostile:
        kinds = ["message/rfc822"]
    assert kinds == ["message/rfc822"]


def _lines(work: Callable[[], object]) -> int:
    """How many lines of our own Python ran: a measure of work that no busy machine disturbs."""
    count = 0

    def trace(frame: object, event: str, argument: object) -> object:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        work()
    finally:
        sys.settrace(before)
    return count


_UNITS: dict[str, tuple[Callable[[str], object], str]] = {
    "addresses": (addresses.parse, "Ann <ann@example.com>, "),
    "open comments": (addresses.parse, "(a"),
    "open quotes": (addresses.parse, '"\\"<"'),
    "open brackets": (addresses.parse, "<a,"),
    "encoded words in addresses": (addresses.parse, "=?utf-8?q?Ann,?= <a@b.example>,"),
    "encoded words": (headers.decode, "=?utf-8?q?=C3=A4?= "),
    "broken encoded words": (headers.decode, "=?utf-8?b?"),
    "parameters": (parameters.read, '; a*0="b'),
    "ids": (lambda text: ids.read([text]), "<a@b> <"),
    "flowed lines": (plain.unflowed, "> word \n"),
    "uuencoded lines": (lambda text: transfer.uuencoded(text.encode()), "begin 644 x\n#;&%M\n"),
    "base64 pieces": (lambda text: transfer.decode(memoryview(text.encode()), "base64", is_text=True), "YQ==\n"),
    "whole mails": (lambda text: read(mail(text, content_type="multipart/mixed; boundary=b")), "--b\n\n--\n-- x\n"),
}


@pytest.mark.parametrize("name", _UNITS)
def test_twice_the_mail_is_at_most_twice_the_work(name: str) -> None:
    work, unit = _UNITS[name]
    once = _lines(lambda: work(unit * 300))
    twice = _lines(lambda: work(unit * 600))
    assert twice <= 2.2 * once + 500


_FIELDS = ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Content-Disposition"]
_VALUES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"multipart/mixed; boundary=b",
            b"multipart/alternative; boundary=b",
            b"text/html; charset=utf-7",
            b"text/plain; charset=utf-16; format=flowed",
            b"text/calendar",
            b"message/rfc822",
            b"message/delivery-status",
            b"application/ms-tnef",
            b"application/pkcs7-mime",
            b"attachment; filename*0*=utf-8''%00; filename*=x",
            b"=?utf-8?b?AAA=?= =?utf-7?q?+2AA-?= <a@b>",
            b"Thu, 31 Dec 9999 23:59:60 -9999",
        ]
    ),
)
_FIELD = st.tuples(st.sampled_from(_FIELDS), _VALUES).map(lambda pair: pair[0].encode() + b": " + pair[1] + b"\n")
_BLOCK = st.lists(_FIELD, max_size=5).map(b"".join)
_MAILS = st.lists(st.tuples(_BLOCK, st.binary(max_size=80)), min_size=1, max_size=4).map(
    lambda parts: b"\n--b\n".join(block + b"\n" + body for block, body in parts)
)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _strings(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _strings(getattr(value, field.name))


@given(st.one_of(st.binary(max_size=400), _MAILS))
def test_any_bytes_are_a_mail_or_are_refused_and_never_spoil_a_database(raw: bytes) -> None:
    try:
        inbound = read(raw)
    except TooHostile:
        return
    for text in _strings(inbound):
        assert "\x00" not in text
        text.encode("utf-8")
    assert inbound.source == "test"
    assert inbound.sent_at is None or inbound.sent_at.utcoffset() == NOON.utcoffset()


@given(st.text(max_size=40))
def test_no_text_is_too_strange_to_store(text: str) -> None:
    charsets.storable(text + "\ud800\x00").encode("utf-8")
