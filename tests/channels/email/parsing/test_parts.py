"""Texts, files, invitations, signatures: what is shown in place, what is kept, and what is said about it."""

from __future__ import annotations

import base64
import binascii

import pytest

from tests.channels.email.parsing.mails import mail, multipart, read

PNG = "Content-Type: image/png\nContent-ID: <lamp@example.com>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=\n"


def test_a_picture_inside_the_html_keeps_its_content_id() -> None:
    inbound = read(multipart("related", "Content-Type: text/html\n\n<img src='cid:lamp@example.com'>", PNG))
    (picture,) = inbound.files
    assert (picture.content_id, picture.inline, picture.name) == ("lamp@example.com", True, "image-1.png")
    assert picture.content == b"\x89PNG\r\n\x1a\n"


def test_a_named_text_is_a_file_and_is_shown_when_there_is_nothing_else() -> None:
    note = 'Content-Type: text/plain; name="note.txt"\nContent-Disposition: attachment\n\nfrom the file'
    both = read(multipart("mixed", "\nfrom the mail", note))
    assert both.text == "from the mail"
    alone = read(multipart("mixed", "\n", note))
    assert alone.text == "from the file"
    assert both.files[0].name == alone.files[0].name == "note.txt"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C:\\Documents\\invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "passwd"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\u200b.htaccess", ".htaccess"),
        ("a\x00b.txt", "ab.txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("..", "attachment-1.bin"),
    ],
)
def test_names_of_files_are_made_harmless(sent: str, shown: str) -> None:
    encoded = base64.b64encode(sent.encode()).decode()
    part = f"Content-Type: application/octet-stream; name*=utf-8''{_percent(sent)}\n\nx"
    assert read(multipart("mixed", part)).files[0].name == shown
    part = f'Content-Type: application/octet-stream; name="=?utf-8?b?{encoded}?="\n\nx'
    assert read(multipart("mixed", part)).files[0].name.replace(" ", "") == shown


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("base64", "SGVsbG8gQmVu"),
        ("BASE64 ", "SGVs\nbG8gQmVu\n"),
        ("base64", "SGVsbG8g\n=\nQmVu"),
        ("base64", "SGVsbG8gQmVu!"),
        ("base64", "SGVsbG8gQmVuA"),
        ("base64", "SGVsbG8=IEJlbg=="),
        ("base64", "Hello Ben"),  # mislabelled
        ("quoted-printable", "Hello=20B=\nen"),
        ("quoted-printable", "Hello Ben="),
        ("8bit", "Hello Ben"),
        ("nonsense", "Hello Ben"),
    ],
)
def test_transfer_encodings_are_undone_as_they_are_really_sent(encoding: str, body: str) -> None:
    assert read(mail(body, content_transfer_encoding=encoding)).text.strip() == "Hello Ben"


def test_a_footer_a_list_server_adds_to_base64_is_read_too() -> None:
    encoded = base64.encodebytes(b"Hello Ben, the lamp flickers all night long.\n" * 3).decode()
    text = read(mail(encoded + "____\nA list, in plain words\n", content_transfer_encoding="base64")).text
    assert text.startswith("Hello Ben")
    assert text.endswith("A list, in plain words")


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    lines = binascii.b2a_uu(b"the file").decode()
    inbound = read(mail(f"Hello Ben,\nbegin 644 of June is fine\nbegin 644 lamp.txt\n{lines}`\nend\nBye"))
    assert inbound.text == "Hello Ben,\nbegin 644 of June is fine\nBye"
    assert [(file.name, file.content) for file in inbound.files] == [("lamp.txt", b"the file")]


def test_flowed_text_has_its_paragraphs_whole_again() -> None:
    body = "Dear \nBen,\n\n> you \n> asked\n>> before \n> that\n From here\n-- \nAnn"
    text = read(mail(body, content_type="text/plain; format=flowed")).text
    assert text == "Dear Ben,\n\n> you asked\n>> before\n> that\nFrom here\n-- \nAnn"
    assert read(mail("世 \n界", content_type="text/plain; charset=utf-8; format=flowed; delsp=yes")).text == "世界"


def test_an_invitation_is_read_and_not_only_attached() -> None:
    calendar = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Lamp\\, second\n  visit\n"
        "DTSTART;TZID=Europe/Berlin:20260301T120000\nLOCATION:Room 4\nORGANIZER;CN=Ben:mailto:ben@example.org\n"
        "END:VEVENT\nEND:VCALENDAR\n"
    )
    inbound = read(multipart("alternative", "\nSee you", f"Content-Type: text/calendar\n\n{calendar}"))
    said = "Invitation: Lamp, second visit, 2026-03-01 12:00 (Europe/Berlin), at Room 4, from ben@example.org"
    assert inbound.text == f"See you\n\n{said}"
    assert inbound.files[0].type == "text/calendar"


def test_signed_and_encrypted_mails_are_told_honestly() -> None:
    signature = "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----"
    signed = read(multipart('signed; protocol="application/pgp-signature"', "\nHello", signature))
    assert signed.text == "Hello"
    assert any("signed (PGP)" in remark and "not checked" in remark for remark in signed.remarks)
    encrypted = read(mail("MIAGCSqGSIb3", content_type="application/pkcs7-mime; smime-type=enveloped-data"))
    assert any("encrypted (S/MIME)" in remark for remark in encrypted.remarks)
    inline = read(mail("-----BEGIN PGP MESSAGE-----\nx"))
    assert any("encrypted (PGP)" in remark for remark in inline.remarks)


def test_words_wrapped_inside_a_signature_are_taken_out() -> None:
    inner = b"Content-Type: text/plain\r\n\r\nHello from inside"
    wrapped = _der(0x30, _oid(2), _der(0xA0, _signed_data(inner)))
    encoded = base64.encodebytes(wrapped).decode()
    fields = {"content_type": "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m"}
    inbound = read(mail(encoded, content_transfer_encoding="base64", **fields))
    assert inbound.text == "Hello from inside"
    assert inbound.files[0].name == "smime.p7m"


def _signed_data(inner: bytes) -> bytes:
    octets = _der(0x24, _der(0x04, inner[:10]), _der(0x04, inner[10:]))  # in pieces, as Outlook streams it
    return _der(0x30, _der(0x02, b"\x01"), _der(0x31), _der(0x30, _oid(1), _der(0xA0, octets)))


def _oid(last: int) -> bytes:
    return _der(0x06, bytes.fromhex("2a864886f70d0107") + bytes((last,)))


def _der(tag: int, *content: bytes) -> bytes:
    joined = b"".join(content)
    return bytes((tag, 0x82)) + len(joined).to_bytes(2, "big") + joined


def test_a_part_kept_elsewhere_is_told_of() -> None:
    body = "Content-Type: image/png\n\n"
    inbound = read(mail(body, content_type='message/external-body; access-type=URL; url="http://x.example"'))
    assert any("lies elsewhere" in remark for remark in inbound.remarks)


def test_a_very_long_text_is_shown_in_part_and_kept_whole() -> None:
    body = "The lamp flickers.\n" * 150_000
    inbound = read(mail(body))
    assert inbound.text.startswith("The lamp flickers.\nThe")
    assert len(inbound.text) <= 500_000
    assert inbound.files[0].content.count(b"flickers") == 150_000
    assert any("very long" in remark for remark in inbound.remarks)


def test_words_after_a_picture_written_into_the_html_are_read() -> None:
    picture = "iVBORw0KGgo" * 100_000
    inbound = read(mail(f'<p>before<img src="data:image/png;base64,{picture}"><p>after', content_type="text/html"))
    assert inbound.text == "before\n\nafter"
    assert picture.encode() in inbound.files[0].content


def test_a_long_log_beside_a_short_mail_takes_no_room_from_it() -> None:
    log = "Content-Type: text/plain; name=app.log\n\n" + "ERROR 17\n" * 100_000
    inbound = read(multipart("mixed", log, "\nThe lamp flickers."))
    assert inbound.text == "The lamp flickers."
    assert inbound.remarks == ()
    assert inbound.files[0].size > 800_000
