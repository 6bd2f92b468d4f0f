"""Bytes of a mail to text: what the label says, what the bytes say, and what to do when the two disagree.

The result of every function here can be stored on SQLite and PostgreSQL alike: it holds no NUL and no lone surrogate.
No byte is dropped silently: what no charset explains becomes U+FFFD.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from encodings.aliases import aliases

# A label says "gb2312" and means what Windows writes under that name. The wider codec reads the narrow one too
# (the WHATWG Encoding Standard, section 4.2, makes the same choices).
_WIDER = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
    "koi8_r": "koi8_u",
}

# Codecs that turn bytes into text in linear time. Python also lists base64, zlib, punycode or unicode_escape as
# "encodings": a stranger's label must never reach those.
_TEXT = frozenset(
    [
        "ascii",
        "big5",
        "big5hkscs",
        "cp037",
        "cp273",
        "cp424",
        "cp437",
        "cp500",
        "cp720",
        "cp737",
        "cp775",
        "cp850",
        "cp852",
        "cp855",
        "cp856",
        "cp857",
        "cp858",
        "cp860",
        "cp861",
        "cp862",
        "cp863",
        "cp864",
        "cp865",
        "cp866",
        "cp869",
        "cp874",
        "cp875",
        "cp932",
        "cp949",
        "cp950",
        "cp1006",
        "cp1026",
        "cp1125",
        "cp1140",
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "cp1257",
        "cp1258",
        "euc_jp",
        "euc_jis_2004",
        "euc_jisx0213",
        "euc_kr",
        "gb2312",
        "gbk",
        "gb18030",
        "hz",
        "hp_roman8",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_2004",
        "iso2022_jp_3",
        "iso2022_jp_ext",
        "iso2022_kr",
        "latin_1",
        "iso8859_2",
        "iso8859_3",
        "iso8859_4",
        "iso8859_5",
        "iso8859_6",
        "iso8859_7",
        "iso8859_8",
        "iso8859_9",
        "iso8859_10",
        "iso8859_11",
        "iso8859_13",
        "iso8859_14",
        "iso8859_15",
        "iso8859_16",
        "johab",
        "koi8_r",
        "koi8_t",
        "koi8_u",
        "kz1048",
        "mac_cyrillic",
        "mac_greek",
        "mac_iceland",
        "mac_latin2",
        "mac_roman",
        "mac_turkish",
        "ptcp154",
        "shift_jis",
        "shift_jis_2004",
        "shift_jisx0213",
        "tis_620",
        "utf_7",
        "utf_8",
        "utf_16",
        "utf_16_be",
        "utf_16_le",
        "utf_32",
        "utf_32_be",
        "utf_32_le",
    ]
)

# Labels seen in the wild that Python does not know.
_NICKNAMES = {
    "utf8mb4": "utf_8",
    "unicode11utf8": "utf_8",
    "xutf8": "utf_8",
    "unicode11utf7": "utf_7",
    "unicode20utf7": "utf_7",
    "xunicode20utf7": "utf_7",
    "ansi": "cp1252",
    "xansi": "cp1252",
    "macintosh": "mac_roman",
    "xmacroman": "mac_roman",
    "xmaccyrillic": "mac_cyrillic",
    "xsjis": "cp932",
    "ms932": "cp932",
    "windows31j": "cp932",
    "cp943": "cp932",
    "xeucjp": "euc_jp",
    "iso2022jpms": "iso2022_jp",
    "cp50220": "iso2022_jp",
    "cp50221": "iso2022_jp",
    "csiso2022jp": "iso2022_jp",
    "xgbk": "gb18030",
    "xgb2312": "gb18030",
    "xeuccn": "gb18030",
    "euccn": "gb18030",
    "cp936": "gb18030",
    "xxbig5": "big5hkscs",
    "big5eten": "big5hkscs",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "xwindows949": "cp949",
    "windows949": "cp949",
    "windows874": "cp874",
    "dos874": "cp874",
    "iso88598i": "iso8859_8",
    "iso88598e": "iso8859_8",
    "iso88596i": "iso8859_6",
    "xcp1250": "cp1250",
    "xcp1251": "cp1251",
    "xcp1252": "cp1252",
    "cp1252mimencode": "cp1252",
    "koi8ru": "koi8_u",
    "koi": "koi8_u",
    "ucs2": "utf_16_be",
    "iso10646ucs2": "utf_16_be",
    "unicode": "utf_16",
}


def _key(label: str) -> str:
    return "".join(c for c in label[:60].lower() if c.isascii() and c.isalnum())


def _known_labels() -> dict[str, str]:
    known = {_key(name): name for name in _TEXT}
    known.update({_key(alias): name for alias, name in aliases.items() if name in _TEXT})
    known.update({_key(f"windows-{name[2:]}"): name for name in _TEXT if name.startswith("cp")})
    known.update(_NICKNAMES)
    return {key: _WIDER.get(name, name) for key, name in known.items()}


# A foreign label is looked up here and never in `codecs`: that registry remembers every unknown name for ever.
_LABELS = _known_labels()
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32"),
    (codecs.BOM_UTF32_BE, "utf_32"),
    (codecs.BOM_UTF16_LE, "utf_16"),
    (codecs.BOM_UTF16_BE, "utf_16"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HIGH = re.compile(rb"[\x80-\xff]")
_JAPANESE_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([DO-Q]|\([BJI]|\$B)")
# How much of an unlabelled text the guesser sees, in bytes: it costs about 1 ms a kilobyte.
_SAMPLE = 4_096
# Below this many non-ASCII bytes a guess is a throw of the dice.
_ENOUGH_TO_GUESS = 16


def known(label: str) -> str:
    """The Python codec for a charset label as written in a mail, or "" where it names none we read."""
    return _LABELS.get(_key(label), "")


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
    if codec.startswith(("utf_7", "utf_16", "utf_32", "hz")):
        if (text := _strictly(data, codec)) is not None:
            return text
        return data.decode(codec, "replace")
    if codec.startswith("iso2022_jp") or (not codec and _JAPANESE_ESCAPE.search(data)):
        return _strictly(data, "iso2022_jp_ext") or _microsoft_japanese(data)
    for candidate in ("utf_8", codec, hint):
        if candidate and (text := _strictly(data, candidate)) is not None:
            return text
    return _mixed_or_mislabelled(data, codec, hint)


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeError:
        return None


def _mixed_or_mislabelled(data: bytes, codec: str, hint: str) -> str:
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
    from charset_normalizer import from_bytes  # 20 ms to import, and most mails never need it

    first = _HIGH.search(data)
    start = max(0, first.start() - 64) if first else 0
    best = from_bytes(data[start : start + _SAMPLE], steps=4, chunk_size=512, preemptive_behaviour=False).best()
    return best.encoding if best is not None and best.encoding in _TEXT else ""


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_AS_WINDOWS = "everyhand.as-windows"
_handler: Callable[[UnicodeError], tuple[str, int]] = _as_windows
codecs.register_error(_AS_WINDOWS, _handler)


def _microsoft_japanese(data: bytes) -> str:
    """ISO-2022-JP as Windows writes it (cp50220): circled digits and other characters outside JIS X 0208."""
    text, position, two_bytes, kana = [], 0, False, False
    for escape in [*_JAPANESE_ESCAPE.finditer(data), None]:
        run = data[position : escape.start() if escape else len(data)]
        if two_bytes:
            text.append(_jis_to_shift_jis(run).decode("cp932", "replace"))
        elif kana:
            text.append(bytes(b | 0x80 if 0x20 < b < 0x60 else b for b in run).decode("cp932", "replace"))
        else:
            text.append(run.decode("cp932", "replace"))
        if escape:
            position, two_bytes, kana = escape.end(), b"$" in escape.group(), escape.group().endswith(b"I")
    return "".join(text)


def _jis_to_shift_jis(pairs: bytes) -> bytes:
    out = bytearray()
    position = 0
    while position < len(pairs):
        high = pairs[position]
        if not 0x21 <= high <= 0x7E or position + 1 == len(pairs):
            out.append(high)  # a line end inside the run
            position += 1
            continue
        low = pairs[position + 1]
        out.append(((high - 0x21) >> 1) + (0x81 if high < 0x5F else 0xC1))
        if high & 1:
            out.append(low + (0x1F if low < 0x60 else 0x20))
        else:
            out.append((low + 0x7E) & 0xFF)
        position += 2
    return bytes(out)
