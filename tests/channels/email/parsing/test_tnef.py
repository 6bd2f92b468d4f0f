"""winmail.dat, what Outlook sends to the rest of the world."""

from __future__ import annotations

import base64
import struct

from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import rich_text, tnef
from tests.channels.email.parsing.mails import multipart, read


def _attribute(level: int, name: int, content: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 0, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def _property(kind: int, name: int, content: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(content)) + content + b"\0" * (-len(content) % 4)


def _properties(*properties: bytes) -> bytes:
    return struct.pack("<I", len(properties)) + b"".join(properties)


def _winmail(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


WINMAIL = _winmail(
    _attribute(1, 0x9007, struct.pack("<II", 1252, 0)),
    _attribute(1, 0x9003, _properties(_property(0x1F, 0x1000, "Grüße aus Outlook\0".encode("utf-16-le")))),
    _attribute(2, 0x9002, b"\0" * 14),
    _attribute(2, 0x8010, b"LAMP~1.TXT\0"),
    _attribute(2, 0x800F, b"the lamp"),
    _attribute(
        2,
        0x9005,
        _properties(
            struct.pack("<HHI", 0x3, 0x3705, 1),
            _property(0x1E, 0x3707, b"L\xe4mpchen.txt\0"),
            _property(0x1E, 0x370E, b"text/plain\0"),
        ),
    ),
)


def _mail(winmail: bytes, words: str = "") -> bytes:
    encoded = base64.encodebytes(winmail).decode()
    part = f"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{encoded}"
    return multipart("mixed", f"\n{words}", part)


def test_its_files_and_its_words_are_unpacked() -> None:
    inbound = read(_mail(WINMAIL))
    assert inbound.text == "Grüße aus Outlook"
    assert [(file.name, file.type, file.content) for file in inbound.files] == [
        ("Lämpchen.txt", "text/plain", b"the lamp")
    ]


def test_its_words_are_not_said_twice() -> None:
    assert read(_mail(WINMAIL, "Grüße")).text == "Grüße"


def test_one_that_cannot_be_read_is_kept_as_it_is() -> None:
    inbound = read(_mail(b"not Outlook's"))
    assert [(file.name, file.content) for file in inbound.files] == [("winmail.dat", b"not Outlook's")]
    assert any("could not be unpacked" in remark for remark in inbound.remarks)


def test_one_cut_off_gives_what_stands_before_the_cut() -> None:
    assert tnef.read(WINMAIL[:-40]).files[0].content == b"the lamp"


@given(st.binary(max_size=120), st.integers(0, len(WINMAIL)))
def test_any_bytes_are_unpacked_or_refused(noise: bytes, cut: int) -> None:
    for data in (noise, WINMAIL[:cut] + noise, WINMAIL[:6] + noise):
        try:
            tnef.read(data)
        except tnef.NotReadable:
            continue


def test_rich_text_is_read_for_its_words() -> None:
    rtf = rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}{\*\generator x;}"
    rtf += rb"\f0 one\par \'cf\'f0\u1080?\u1074?\par {\b two}\}}"
    assert rich_text.text(rtf) == "one\nПрив\ntwo}"


def test_compressed_rich_text_is_the_one_of_the_specification() -> None:
    # MS-OXRTFCP, section 3.1.1 and 3.1.2
    simple = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rich_text.decompressed(simple) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    crossing = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rich_text.decompressed(crossing) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


@given(st.binary(max_size=200))
def test_any_bytes_can_be_decompressed_and_read(noise: bytes) -> None:
    packed = struct.pack("<IIII", len(noise) + 12, 4_000, 0x75465A4C, 0) + noise
    rich_text.text(rich_text.decompressed(packed)).encode("utf-8")
    rich_text.text(noise).encode("utf-8")
