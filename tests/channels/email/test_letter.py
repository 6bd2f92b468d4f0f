"""Header fields and MIME parts: nothing injected, nothing lost, the same bytes every time."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from everyhand.channels.email.outbound import letter

NASTY = (
    "Ana\r\nBcc: evil@evil.test",
    "Ana\nX-Evil: 1",
    "Ana\rSubject: other",
    "Ana\x00\x0b\x0c\x1c\x85\u2028\u2029Bcc: evil@evil.test",
    'Ana" <evil@evil.test>, "',
    "evil@evil.test,",
    "Ana <evil@evil.test>",
    "=?utf-8?q?Ana=0D=0ABcc=3A_evil=40evil.test?=",
    "Ana (comment) \\",
    "Jörg Müller-Lüdenscheidt " * 10,
    "株式会社" * 60,
    "Ana <evil@evil.test>, " * 60,
    "x" * 2_000,
    "x" * 300,
    "\udcff lone",
    "",
    "   ",
    "Ana; Ben, Carla: Dora.",
)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def assert_well_formed(raw: bytes, fields: list[str]) -> None:
    """Exactly these fields, CRLF everywhere, no line too long, nothing but ASCII."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert raw.isascii()
    assert raw.replace(b"\r\n", b"").count(b"\r") == raw.replace(b"\r\n", b"").count(b"\n") == raw.count(b"\x00") == 0
    assert max(len(line) for line in raw.split(b"\r\n")) <= letter.LONGEST_LINE
    names = [line.split(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [*fields, "MIME-Version", *names[len(fields) + 1 :]]
    assert all(name.startswith("Content-") for name in names[len(fields) + 1 :])


@pytest.mark.parametrize("name", NASTY)
def test_a_name_can_inject_neither_a_field_nor_a_recipient(name: str) -> None:
    assert_names_one_person(name)


@given(st.text(max_size=300))
@example("\r\n\r\nbody")
def test_no_name_at_all_can(name: str) -> None:
    assert_names_one_person(name)


def assert_names_one_person(name: str) -> None:
    raw = letter.write([("To", letter.people([(name, "ada@example.org")], field="To"))], text="")
    assert_well_formed(raw, ["To"])
    addresses: tuple[Address, ...] = parsed(raw)["To"].addresses
    assert [one.addr_spec for one in addresses] == ["ada@example.org"]
    # Names are compared through the older parser: the newer one keeps the spaces between encoded words (RFC 2047 6.2).
    shown, _ = parseaddr(message_from_bytes(raw)["To"])
    assert str(make_header(decode_header(shown))) == letter.one_line(name)


@pytest.mark.parametrize("subject", NASTY)
def test_a_subject_can_not_inject_a_field(subject: str) -> None:
    assert_says(subject)


@given(st.text(max_size=1000))
@example("a" * 1000)
@example("Re: =?utf-8?q?x?=")
def test_no_subject_at_all_can(subject: str) -> None:
    assert_says(subject)


def assert_says(subject: str) -> None:
    raw = letter.write([("Subject", letter.words(subject, field="Subject"))], text="")
    assert_well_formed(raw, ["Subject"])
    said = str(parsed(raw)["Subject"])
    assert said == letter.one_line(subject)


@given(st.text(), st.text())
@example("From here\n.\n..\nFrom there ", "")
@example("x" * 2000 + "\ttab \n", "ä" * 500)
def test_every_text_arrives_as_it_was_written(text: str, html: str) -> None:
    raw = letter.write([], text=text, html=html)
    assert_well_formed(raw, [])
    message = parsed(raw)
    for kind, written in (("plain", text), ("html", html)):
        part = message.get_body((kind,))
        if part is None:
            assert not written
            continue
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        assert payload.decode().replace("\r\n", "\n").rstrip("\n") == _clean(written).rstrip("\n")


def _clean(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return lines.encode("utf-8", "replace").decode()


@given(st.text(max_size=300), st.binary(max_size=2000))
@example("Rechnung Müller & Söhne 2026.pdf", b"%PDF")
@example('a"; filename="b.exe', b"")
@example("ä" * 300, b"\r\n.\r\n")
@example("<>", b"")
@example("../../etc/passwd\r\nX-Evil: 1", b"")
def test_every_file_arrives_with_its_name(name: str, content: bytes) -> None:
    raw = letter.write([], text="See the file.", files=[letter.Enclosure(name, "application/pdf", content)])
    assert_well_formed(raw, [])
    (file,) = parsed(raw).iter_attachments()
    # As it stands there: `get_filename` takes the brackets off "<name>".
    assert file["Content-Disposition"].params["filename"] == (letter.one_line(name) or "file")
    assert file.get_param("name") == (letter.one_line(name) or "file") or isinstance(file.get_param("name"), tuple)
    assert file.get_payload(decode=True) == content
    assert file.get_content_type() == "application/pdf"


@pytest.mark.parametrize(
    "kind", ["message/rfc822", "multipart/mixed", "text/html\r\nX-Evil: 1", "", "nonsense", "a/b/c"]
)
def test_a_file_whose_type_can_not_be_said_is_just_bytes(kind: str) -> None:
    raw = letter.write([], text="", files=[letter.Enclosure("mail.eml", kind, b"Subject: inner\r\n\r\n")])
    (file,) = parsed(raw).iter_attachments()
    assert file.get_content_type() == "application/octet-stream"
    assert file.get_payload(decode=True) == b"Subject: inner\r\n\r\n"


def test_long_message_ids_are_kept_whole_and_wrong_ones_left_out() -> None:
    long_id = "x" * 200 + "@mail.example.org"
    value = letter.ids([long_id, "two words@example.org", "a\r\nBcc: x@example.org", "", "<b@c>", "last@example.org"])
    assert value == f"<{long_id}>\r\n <last@example.org>"
    raw = letter.write([("References", value)], text="")
    assert parsed(raw)["References"].split() == [f"<{long_id}>", "<last@example.org>"]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "ada@x\r\nRCPT TO:<e@e.test>",
        "a@b,c@d",
        "a@b>",
        "ada@" + "ä" * 70,
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(letter.NoAddress):
        letter.address(address)


def test_domains_are_written_in_ascii() -> None:
    assert letter.address("ada@küche.example") == "ada@xn--kche-0ra.example"


def test_the_same_letter_has_the_same_bytes() -> None:
    def write() -> bytes:
        files = [letter.Enclosure("a.txt", "text/plain", b"a")]
        return letter.write([("Subject", "Paper")], text="a", html="<p>a</p>", files=files)

    assert write() == write()
