"""ISO-2022-JP as it is really sent: Windows puts characters into it that the standard does not have."""

from __future__ import annotations

import re

ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\$\([DO-Q]|\([BJI])")


def microsoft_japanese(data: bytes) -> str:
    """ISO-2022-JP as Windows writes it (cp50220): circled digits and other characters outside JIS X 0208."""
    text, position, two_bytes, kana = [], 0, False, False
    for escape in [*ESCAPE.finditer(data), None]:
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
        pair = pairs[position : position + 2]
        if len(pair) < 2 or not all(0x21 <= byte <= 0x7E for byte in pair):
            out.append(pair[0])  # a line end inside the run, or a character cut in two
            position += 1
            continue
        high, low = pair
        out.append(((high - 0x21) >> 1) + (0x81 if high < 0x5F else 0xC1))
        if high & 1:
            out.append(low + (0x1F if low < 0x60 else 0x20))
        else:
            out.append(low + 0x7E)
        position += 2
    return bytes(out)
