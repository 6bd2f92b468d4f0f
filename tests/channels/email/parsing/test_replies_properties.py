"""What holds for every text at all, and that no text costs more than its length."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import forwards, replies
from everyhand.channels.email.parsing.replies.languages import attributions, headers, markers, signatures

# Lines that mean something to us, and lines that almost do.
TELLING = [
    "",
    " ",
    "> quoted",
    "> > deeper",
    ">",
    "AL> quoted",
    "| barred",
    "The lamp flickers.",
    "And why?",
    "-- ",
    "--",
    "_____________",
    "***",
    "```",
    "On Mon, 3 May 2021 at 10:12, Jonas <jonas@shop.example> wrote:",
    "On Mon, 3 May 2021 at 10:12, Jonas <",
    "jonas@shop.example> wrote:",
    "> wrote:",
    "wrote:",
    "Jonas wrote:",
    "2021/5/3 Jonas <jonas@shop.example>",
    "From: Jonas <jonas@shop.example>",
    "Sent: Monday, 3 May 2021 10:12",
    "To: Mia",
    "Subject: Lamp",
    "-----Original Message-----",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "Sent from my iPhone",
    "see my answers in red",
    "This e-mail is confidential and intended solely for the intended recipient. If you received this in error, shred it.",
    "-----BEGIN PGP SIGNATURE-----",
    "##- Please type your reply above this line -##",
]
PHRASES = sorted(
    {
        phrase
        for table in (
            attributions.WROTE,
            headers.FROM,
            headers.SUBJECT,
            markers.ORIGINAL,
            markers.FORWARDED,
            signatures.SENT_FROM,
        )
        for phrases in table.values()
        for phrase in phrases
    }
)
lines = st.one_of(
    st.sampled_from(TELLING),
    st.sampled_from(PHRASES).map(lambda phrase: f"{phrase}: mia@home.example 10:12"),
    st.text(max_size=40),
)
mails = st.lists(lines, max_size=25).map("\n".join)
tags = st.sampled_from(
    ["<div>", "</div>", "<blockquote type=cite>", "</blockquote>", '<div class="gmail_signature">', "<br>", "<!--", "-->",
     '<div id="divRplyFwdMsg">', "<", ">", "<style>", "&amp;", '<div class="gmail_attr">', '<div class="yahoo_quoted">']
)  # fmt: skip
pages = st.lists(st.one_of(tags, lines), max_size=25).map(" ".join)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


@given(mails, st.one_of(st.just(""), pages))
def test_every_word_is_in_the_reply_or_in_the_rest(text: str, html: str) -> None:
    reply, quoted = replies.split(text, html)
    assert words(reply) + words(quoted) == words(text)


@given(mails, st.one_of(st.just(""), pages))
def test_a_mail_with_words_has_a_reply_with_words(text: str, html: str) -> None:
    reply, _ = replies.split(text, html)
    if words(text):
        assert reply.strip("\n >|-=*~#+")


@given(st.text(alphabet="abc ?.,\n", max_size=300))
def test_plain_prose_is_all_reply(text: str) -> None:
    assert words(replies.split(text)[0]) == words(text)


@given(mails, st.text(max_size=40))
def test_looking_for_a_forward_never_fails(text: str, subject: str) -> None:
    for title in (subject, f"Fwd: {subject}"):
        found = forwards.find(text, title)
        assert found is None or found.sender.email or found.sender.name


@given(st.binary(max_size=400))
def test_any_bytes_may_be_attached(raw: bytes) -> None:
    forwards.find("See below.", "Fwd: lamp", (raw,))


def steps(work: Callable[[], object]) -> int:
    """How many calls of functions, ours and Python's, `work` makes: the same on every machine, however busy."""
    count = 0

    def seen(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


HOSTILE = [
    "1:\n",
    "wrote:\n",
    "On Mon, 3 May 2021 at 10:12, X <x@y.example> wrote:\n",
    "On Mon, 3 May 2021 at 10:12, X <x@y.example> wrote:\n\n\n\n\n",
    "<\nx@y.example>\nwrote:\n",
    "2021/5/3 X <x@y.example>\n|a\n",
    "To: a\n",
    "To: a@b.example;\n",
    "From: a@b.example\nSubject: b\n",
    "--\n",
    "-----\n\n\n\nx\n",
    "-----\nSent from my iPhone\n",
    "> > > > x\n",
    "```\n",
    "\n",
    "Jonas wrote:\n\n",
    "-----Original Message-----\n",
    "---------- Forwarded message ---------\n\n\n",
    "-----BEGIN PGP SIGNATURE-----\n",
    "confidential, intended recipient\n\n",
    "wrote " * 90 + "2021 10:12 a@b.example:\n",
    "w" * 590 + "@:\n",
    "<(" * 250 + ":\n",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_text_takes_twice_the_steps(unit: str) -> None:
    small, large = ("Hello.\n\n" + unit * (length // len(unit)) for length in (4_000, 8_000))
    assert steps(lambda: replies.split(large)) < 2.3 * steps(lambda: replies.split(small)) + 2_000
    once = steps(lambda: forwards.find(small, "Fwd: lamp"))
    assert steps(lambda: forwards.find(large, "Fwd: lamp")) < 2.3 * once + 2_000


@pytest.mark.parametrize(
    "unit",
    [
        "<div>x ",
        "<blockquote type=cite>x ",
        "</div>",
        "<b><i></b></i>x ",
        "<!--",
        "<!-- -->",
        "<",
        "<a b='",
        "<style>",
        "&amp",
        "a b c ",
    ],
)
def test_twice_the_html_takes_twice_the_steps(unit: str) -> None:
    small, large = ("<blockquote type=cite>q</blockquote>" + unit * (length // len(unit)) for length in (4_000, 8_000))
    text = "a b c x y " * 100
    assert steps(lambda: replies.split(text * 2, large)) < 2.3 * steps(lambda: replies.split(text, small)) + 2_000


def test_a_mail_of_endless_lines_keeps_them_all() -> None:
    text = "\n".join(f"line {number}" for number in range(50_000))
    assert replies.split(text) == (text, "")
    assert replies.split(f"Yes.\n\nOn Mon, 3 May 2021 at 10:12, X <x@y.example> wrote:\n\n{text}")[0] == "Yes."


def test_a_very_long_line_is_not_read_at_all() -> None:
    line = "On Mon, 3 May 2021 at 10:12, " + "x" * 500_000 + " <x@y.example> wrote:"
    assert replies.split(f"Hello.\n{line}\nThanks.") == (f"Hello.\n{line}\nThanks.", "")
    assert steps(lambda: replies.split(line)) < 2_000
