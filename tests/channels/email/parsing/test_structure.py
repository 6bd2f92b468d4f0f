"""The parts of a mail, also where it is broken: all of them are reached, and no word is lost."""

from __future__ import annotations

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import structure
from tests.channels.email.parsing.mails import ANN, mail, multipart, read


def test_texts_are_shown_in_the_order_they_were_written() -> None:
    raw = multipart("mixed", "\nfirst", "Content-Type: text/plain\n\nsecond", "Content-Type: text/html\n\n<p>third")
    assert read(raw).text == "first\n\nsecond\n\nthird"


def test_the_html_holds_the_plain_parts_around_it_too() -> None:
    inbound = read(multipart("mixed", "\n1 < 2", "Content-Type: text/html\n\n<p>html</p>"))
    assert "1 &lt; 2" in inbound.html
    assert "<p>html</p>" in inbound.html


def test_of_two_versions_the_plain_one_is_read_and_the_html_kept() -> None:
    inbound = read(multipart("alternative", "\nHello Ben", "Content-Type: text/html\n\n<p>Hello <b>Ben</b>"))
    assert inbound.text == "Hello Ben"
    assert "<b>Ben</b>" in inbound.html


@pytest.mark.parametrize("stub", ["\n", "\nYour program cannot show HTML.", "\nHello Ben"])
def test_a_plain_version_that_says_next_to_nothing_gives_way_to_the_html(stub: str) -> None:
    words = "the lamp I bought from you flickers every evening, so what shall I do now?"
    html = f"Content-Type: text/html\n\n<p>Hello Ben</p><p>{words}"
    assert "the lamp I bought" in read(multipart("alternative", stub, html)).text


def test_versions_that_say_different_things_are_remarked_on() -> None:
    plain = "\nPlease send me the invoice once more, thank you very much."
    html = "Content-Type: text/html\n\n<p>Transfer nine thousand euros to this other account today"
    assert any("different things" in remark for remark in read(multipart("alternative", plain, html)).remarks)


@pytest.mark.parametrize(
    "body",
    [
        "--cut\n\none\n--cut\n\ntwo\n--cut--\n",
        "--cut\n\none\n--cut\n\ntwo\n",  # the end boundary is missing
        "--cut\n\none\n--cut\n\ntwo",
        "--cut  \n\none\n--cut\t\n\ntwo\n--cut--  \n",
        "This is a multi-part message in MIME format.\n--cut\n\none\n--cut\n\ntwo\n--cut--\n",
        "--cut\n\none\n--cut--\n--cut\n\ntwo\n--cut--\n",  # closed too early
        "--cut\n\none\n--cut\n--cut\n\ntwo\n--cut--\n",  # an empty part between
        "--cut\n\none\n--cut\nContent-Type: text/plain\n--cut\n\ntwo\n--cut--\n",  # a part of fields only
        "--other\nContent-Type: text/plain\n\none\n--other\nContent-Type: text/plain\n\ntwo\n--other--\n",
        '--cut\nContent-Type: multipart/mixed; boundary="cut"\n\n--cut\n\none\n--cut--\n--cut\n\ntwo\n--cut--\n',
        '--cut\nContent-Type: multipart/mixed; boundary="in"\n\n--in\n\none\n--cut\n\ntwo\n--cut--\n',
        "one\n--cut\n\ntwo\n--cut--\n",  # words before the first boundary
        "--cut\n\none\n--cut--\n\ntwo\n",  # and after the last
    ],
)
def test_broken_boundaries_lose_nothing(body: str) -> None:
    raw = mail(body, mime_version="1.0", content_type="multipart/mixed; boundary=cut")
    assert read(raw).text.split() == ["one", "two"]


@pytest.mark.parametrize("content_type", ["multipart/mixed", 'multipart/mixed; boundary=""', "multipart/alternative"])
def test_a_multipart_that_names_no_boundary_is_read_by_the_one_it_uses(content_type: str) -> None:
    body = "--x1y2\nContent-Type: text/plain\n\none\n--x1y2--\n"
    assert read(mail(body, content_type=content_type)).text == "one"
    assert read(mail("no boundary anywhere", content_type=content_type)).text == "no boundary anywhere"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read(line_end: bytes) -> None:
    raw = multipart("mixed", "Content-Type: text/plain\n\none\n\ntwo").replace(b"\r\n", b"\n").replace(b"\n", line_end)
    assert read(raw).text == "one\n\ntwo"


def test_a_header_without_an_empty_line_after_it_keeps_the_text() -> None:
    assert read(b"From: ann@example.com\nHello Ben\nthe lamp flickers").text == "Hello Ben\nthe lamp flickers"


def test_a_stray_line_in_the_header_does_not_end_it() -> None:
    inbound = read(b"Subject: a long\nsubject cut by hand\nFrom: ann@example.com\n\nHello")
    assert (inbound.subject, inbound.sender.email, inbound.text) == (
        "a long subject cut by hand",
        "ann@example.com",
        "Hello",
    )


def test_the_envelope_line_of_an_mbox_is_no_field() -> None:
    assert read(b"From ann@example.com Mon Mar  2 12:00:00 2026\n" + ANN + b"\nHello").sender.name == "Ann Meyer"


@pytest.mark.parametrize("raw", [b"", b"\n\n\n", b"\x00" * 50, b"Subject: only a header", b"--\n--\n", b":\n:\n"])
def test_next_to_nothing_is_still_a_mail(raw: bytes) -> None:
    assert read(raw).files == ()


def test_an_attached_mail_is_kept_as_a_file_and_its_words_stay_its_own() -> None:
    attached = "Content-Type: message/rfc822\n\nFrom: ben@example.org\nSubject: Lamp / broken\n\ninside"
    inbound = read(multipart("mixed", "\noutside", attached))
    assert inbound.text == "outside"
    assert [(file.name, file.type) for file in inbound.files] == [("Lamp - broken.eml", "message/rfc822")]
    assert b"inside" in inbound.files[0].content


def test_the_tree_is_what_the_standard_library_knows_as_a_message() -> None:
    report = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1"
    inner = "Content-Type: message/rfc822\n\nSubject: lost\n\nHello"
    tree = structure.read(multipart("report", "\nSorry", report, inner))
    assert isinstance(tree, Message)
    kinds = [part.get_content_type() for part in tree.walk()]
    assert kinds == [
        "multipart/report",
        "text/plain",
        "message/delivery-status",
        *("text/plain", "text/plain"),  # the two groups of fields
        "message/rfc822",
        "text/plain",
    ]
    statuses = [part["Status"] for part in tree.walk() if part["Status"]]
    assert statuses == ["5.1.1"]
    assert tree.get_payload(2).get_payload(0)["Subject"] == "lost"


def test_a_digest_is_a_row_of_mails() -> None:
    inbound = read(multipart("digest", "\nSubject: one\n\n1", "\nSubject: two\n\n2"))
    assert [file.name for file in inbound.files] == ["one.eml", "two.eml"]


_KINDS = st.sampled_from(["mixed", "alternative", "related", "signed", "report", "parallel", "nonsense"])
_FIELDS = st.sampled_from(
    [
        "",
        "Content-Type: text/plain\n",
        "Content-Type: text/html\n",
        "Content-Type: text/markdown\n",
        "Content-Type: text/enriched\n",
        "Content-Type: text/x-amp-html\n",
        "Content-Type: text/plain; name=notes.txt\n",
        "Content-Type: text/plain\nContent-Disposition: attachment\n",
        "Content-Type: text/csv\n",
        "Content-Type: message/delivery-status\n",
        "Content-Type: application/octet-stream\n",
        "Content-Type: broken\n",
    ]
)
_TREES = st.recursive(
    _FIELDS, lambda inner: st.tuples(_KINDS, st.lists(inner, min_size=1, max_size=4), st.booleans()), max_leaves=12
)


def _written(tree: object, words: list[str], level: int = 0) -> str:
    """The part as sent, with a word of its own in each leaf; some multiparts lack their end."""
    if isinstance(tree, str):
        words.append(f"word{len(words)}x")
        return f"{tree}\n{words[-1]}\n"
    assert isinstance(tree, tuple)
    kind, children, closed = tree
    cut = f"--cut{level}"
    inside = "".join(f"{cut}\n{_written(child, words, level + 1)}\n" for child in children)
    return f"Content-Type: multipart/{kind}; boundary={cut[2:]}\n\n{inside}" + (f"{cut}--\n" if closed else "")


@given(_TREES)
def test_whatever_the_tree_no_word_is_lost(tree: object) -> None:
    words: list[str] = []
    raw = ANN + _written(tree, words).encode()
    inbound = read(raw)
    everything = inbound.text + inbound.html + "".join(file.content.decode() for file in inbound.files)
    assert [word for word in words if word not in everything] == []
