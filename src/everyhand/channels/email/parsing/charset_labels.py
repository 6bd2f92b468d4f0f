"""Charset labels as mail uses them, and the Python codecs that read what is really meant."""

from __future__ import annotations

from encodings.aliases import aliases

# A label says "gb2312" and means what Windows writes under that name. The wider codec reads the narrow one too
# (the WHATWG Encoding Standard, section 4.2, makes the same choices).
WIDER = {
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

# Labels that promise 7 bits and so explain nothing once there are 8.
SEVEN_BITS = frozenset(
    ("ascii", "usascii", "646", "iso646us", "ansix341968", "unknown8bit", "unknown", "8bit", "binary")
)

# Codecs that turn bytes into text in linear time. Python also lists base64, zlib, punycode or unicode_escape as
# "encodings": a stranger's label must never reach those.
TEXT = frozenset(
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


def key(label: str) -> str:
    return "".join(c for c in label[:60].lower() if c.isascii() and c.isalnum())


def _known_labels() -> dict[str, str]:
    known = {key(name): name for name in TEXT}
    known.update({key(alias): name for alias, name in aliases.items() if name in TEXT})
    known.update({key(f"windows-{name[2:]}"): name for name in TEXT if name.startswith("cp")})
    known.update(_NICKNAMES)
    return {key: WIDER.get(name, name) for key, name in known.items()}


# A foreign label is looked up here and never in `codecs`: that registry remembers every unknown name for ever.
_LABELS = _known_labels()


def codec_for(label: str) -> str:
    """The codec for `label`; "" where it names none we read, or one of 7 bits only."""
    name = key(label)
    return "" if name in SEVEN_BITS else _LABELS.get(name, "")
