"""Bytes to text, when the label is right, wrong, missing or nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyhand.channels.email.parsing import charsets

_SAYINGS = {
    "utf-8": "Grüße, 世界 🌍",
    "iso-8859-1": "Grüße aus Köln",
    "windows-1252": "“Grüße” – 5 €",
    "iso-8859-2": "Příliš žluťoučký kůň",
    "windows-1250": "Zażółć gęślą jaźń",
    "windows-1251": "Привет, как дела?",
    "koi8-r": "Привет, как дела?",
    "windows-1253": "Καλημέρα κόσμε",
    "windows-1254": "Şişli'den çiğ köfte",
    "windows-1255": "שלום עולם",
    "windows-1256": "مرحبا بالعالم",
    "gb2312": "你好，世界",
    "gb18030": "你好，㐂世界",
    "big5": "你好，世界",
    "shift_jis": "こんにちは、世界",
    "euc-jp": "こんにちは、世界",
    "iso-2022-jp": "こんにちは、世界",
    "euc-kr": "안녕하세요",
    "iso-2022-kr": "안녕하세요",
    "utf-7": "Grüße & 世界",
    "utf-16": "Grüße",
    "hz-gb-2312": "你好",
    "tis-620": "สวัสดี",
}


@pytest.mark.parametrize("label", _SAYINGS)
def test_a_right_label_is_believed(label: str) -> None:
    assert charsets.decode(_SAYINGS[label].encode(label.replace("hz-gb-2312", "hz")), label) == _SAYINGS[label]


@pytest.mark.parametrize(
    "label", ["", "us-ascii", "unknown-8bit", "x-nonsense", "iso-8859-1", "base64", "idna", "a\x00b"]
)
def test_utf8_is_recognised_whatever_the_label_says(label: str) -> None:
    assert charsets.decode("Grüße aus Köln".encode(), label) == "Grüße aus Köln"


@pytest.mark.parametrize(
    ("label", "said", "written_as"),
    [
        ("gb2312", "镕㐂", "gb18030"),
        ("iso-8859-1", "“5 €”", "cp1252"),
        ("shift_jis", "①②", "cp932"),
        ("ks_c_5601-1987", "뷁", "cp949"),
        ("x-sjis", "世界", "cp932"),
        ("iso-8859-8-i", "שלום", "iso8859_8"),
    ],
)
def test_a_label_is_read_as_the_wider_charset_that_is_meant_by_it(label: str, said: str, written_as: str) -> None:
    assert charsets.decode(said.encode(written_as), label) == said


def test_japanese_with_characters_only_windows_has_is_read() -> None:
    assert charsets.decode(b"\x1b$B-!$3\x1b(B ok", "iso-2022-jp") == "①こ ok"


@given(st.binary(max_size=40))
def test_japanese_cut_in_two_or_mixed_with_noise_is_no_error(noise: bytes) -> None:
    assert charsets.decode(b"ok\x1b$B" + noise + b"\x1b(B", "iso-2022-jp").startswith("ok")


def test_a_few_foreign_bytes_in_utf8_are_read_as_windows_wrote_them() -> None:
    assert charsets.decode("Größe: 世界世界 ".encode() + "für".encode("cp1252"), "utf-8") == "Größe: 世界世界 für"


@pytest.mark.parametrize("label", ["", "utf-8", "us-ascii"])
@pytest.mark.parametrize(
    ("said", "written_as"),
    [
        ("Добрый день! Мой заказ до сих пор не пришёл, помогите, пожалуйста.", "cp1251"),
        ("您好，我的订单还没有到，请帮我查一下，谢谢。我已经等了两个星期了。", "gb18030"),
    ],
)
def test_a_text_without_a_true_label_is_guessed(label: str, said: str, written_as: str) -> None:
    assert charsets.decode(said.encode(written_as), label) == said


@given(st.binary(max_size=300), st.sampled_from([*_SAYINGS, "", "x-nonsense", "punycode", "unicode_escape", "zlib"]))
def test_any_bytes_become_text_that_both_databases_can_hold(data: bytes, label: str) -> None:
    text = charsets.decode(data, label)
    assert "\x00" not in text
    text.encode("utf-8")


def test_lone_surrogates_hidden_in_utf7_become_the_replacement_character() -> None:
    assert charsets.decode(b"a+2AA-b", "utf-7") == "a\ufffdb"


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert charsets.decode(b"\xef\xbb\xbfHello", "iso-8859-1") == "Hello"
