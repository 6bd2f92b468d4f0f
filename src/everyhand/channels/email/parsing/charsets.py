"""Bytes of a mail to text: what the label says, what the bytes say, and what to do when the two disagree.

The result of every function here can be stored on SQLite and PostgreSQL alike: it holds no NUL and no lone surrogate.
No byte is dropped silently: what no charset explains becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

from everyhand.channels.email.parsing import japanese
from everyhand.channels.email.parsing.charset_labels import WIDER, codec_for

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH = re.compile(rb"[\x80-\xff]")
# What unlabelled mail is written in, as far as it is not UTF-8.
_USUAL = (
    *("cp1252", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "cp949"),
)
# How much of an unlabelled text the guesser sees, in bytes: it costs about 1 ms a kilobyte.
_SAMPLE = 4_096
# Below this many non-ASCII bytes a guess is a throw of the dice.
_ENOUGH_TO_GUESS = 16


def known(label: str) -> str:
    """The Python codec for a charset label as written in a mail, or "" where it names none we read."""
    return codec_for(label)


def decode(data: bytes, label: str = "", *, hint: str = "") -> str:
    """Text of `data`, which is labelled `label` ("" where the mail says nothing). Never raises.

    A label that explains every byte is believed, except that bytes forming valid UTF-8 are UTF-8 whatever an
    8-bit label says: real text in another charset practically never does so by chance. `hint` is the label of
    something nearby (the body's, for a header with raw bytes) and is tried where `label` is of no use.
    """
    if data.isascii() and b"\x1b" not in data:
        codec = known(label)
        if not codec or codec.startswith(("cp125", "iso8859", "utf_8", "gb", "cp9", "koi8", "big5", "euc")):
            return storable(data.decode("ascii"))
    return storable(_decode(data, known(label), known(hint)))


def storable(text: str) -> str:
    """`text` as both databases hold it: without NUL, with U+FFFD for each lone surrogate."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return _SURROGATE.sub("\ufffd", text)


def _decode(data: bytes, codec: str, hint: str) -> str:
    for mark, marked in _BYTE_ORDER_MARKS:
        if data.startswith(mark) and (text := _strictly(data, marked)) is not None:
            return text.removeprefix("\ufeff")
    if codec.startswith(("utf_7", "utf_16", "utf_32", "hz", "iso2022_kr")):
        if (text := _strictly(data, codec)) is not None:
            return text
        return data.decode(codec, "replace")
    if codec.startswith("iso2022_jp") or (not codec and japanese.ESCAPE.search(data)):
        return _strictly(data, "iso2022_jp_ext") or japanese.microsoft_japanese(data)
    for candidate in ("utf_8", codec, hint):
        if candidate and (text := _strictly(data, candidate)) is not None:
            return text
    return _mixed_or_mislabelled(data, codec)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _mixed_or_mislabelled(data: bytes, codec: str) -> str:
    """Read bytes that neither UTF-8 nor their label explains."""
    high = len(_HIGH.findall(data[: 16 * _SAMPLE]))
    if codec == "utf_8":
        # A UTF-8 text with a few foreign bytes pasted in: read those as Windows would have written them.
        mended = data.decode("utf_8", _AS_WINDOWS)
        strange = len(_HIGH.findall(mended[: 16 * _SAMPLE].encode("latin_1", "ignore")))
        if strange * 4 < high:
            return mended
    elif codec:
        text = data.decode(codec, "replace")
        if text.count("\ufffd") * 10 < high:
            return text
    if high >= _ENOUGH_TO_GUESS and (guessed := _guess(data)):
        return data.decode(guessed, "replace")
    return data.decode("utf_8", _AS_WINDOWS) if codec in ("", "utf_8") else data.decode(codec, "replace")


def _guess(data: bytes) -> str:
    # Only where it is needed: every process of ours decodes headers, and few of them ever guess.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    first = _HIGH.search(data)
    start = max(0, first.start() - 64) if first else 0
    sample = data[start : start + _SAMPLE]
    best = from_bytes(sample, steps=4, chunk_size=512, cp_isolation=[*_USUAL], preemptive_behaviour=False).best()
    return WIDER.get(best.encoding, best.encoding) if best is not None else ""


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    if error.end == len(error.object) and error.reason == "unexpected end of data":
        return "\ufffd", error.end  # cut off in the middle of a character
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_AS_WINDOWS = "everyhand.as-windows"
_handler: Callable[[UnicodeError], tuple[str, int]] = _as_windows
codecs.register_error(_AS_WINDOWS, _handler)
