"""Pictures made of dots, known by how they begin, whatever somebody says they are.

SVG, which can hold scripts, is none of them.
"""

from __future__ import annotations

from typing import Final

TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def type_of(content: bytes) -> str:
    """One of TYPES, or "" for what is no such picture (PNG 3rd edition, ITU-T T.81, GIF89a, RFC 9649)."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return ""
