"""Signatures and encryption, told honestly: we check no signature and hold no key, and say so.

An S/MIME mail that is signed but not encrypted often has its words wrapped inside the signature (CMS signed-data, RFC
5652): those are taken out, so that nothing is lost.
"""

from __future__ import annotations

WRAPPED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNED = "This mail is signed{how}. We have not checked the signature, so it proves nothing here."
_ENCRYPTED = "This mail is encrypted{how}. We have no key for it: ask the sender to write again without encryption."
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")  # 1.2.840.113549.1.7.2
_DATA = bytes.fromhex("2a864886f70d010701")  # 1.2.840.113549.1.7.1
_SEQUENCE, _OID, _OCTETS, _OCTETS_IN_PIECES, _CONTEXT_0 = 0x30, 0x06, 0x04, 0x24, 0xA0


def remark(kind: str, arguments: dict[str, str]) -> str:
    """What to tell the reader about a part of type `kind`; "" for ordinary parts."""
    protocol = arguments.get("protocol", "").lower()
    how = " (PGP)" if "pgp" in protocol else " (S/MIME)" if "pkcs7" in protocol else ""
    if kind == "multipart/signed":
        return _SIGNED.format(how=how)
    if kind == "multipart/encrypted":
        return _ENCRYPTED.format(how=how)
    if kind in WRAPPED:
        signed_data = arguments.get("smime-type", "").lower() in ("signed-data", "certs-only")
        return (_SIGNED if signed_data else _ENCRYPTED).format(how=" (S/MIME)")
    return ""


def inline_remark(text: str) -> str:
    """The same for PGP written into the text itself."""
    if "-----BEGIN PGP MESSAGE-----" in text:
        return _ENCRYPTED.format(how=" (PGP)")
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        return _SIGNED.format(how=" (PGP)") + " Only the words between its marks are signed."
    return ""


def unwrapped(data: bytes) -> bytes | None:
    """The mail part inside CMS signed-data; None if `data` is encrypted or no such thing."""
    try:
        outer = _children(data, 0, len(data))[0]
        kind, tagged = _children(data, *outer[1:3])[:2]
        if outer[0] != _SEQUENCE or data[kind[1] : kind[2]] != _SIGNED_DATA:
            return None
        signed_data = _children(data, *tagged[1:3])[0]
        encapsulated = _children(data, *signed_data[1:3])[2]
        inner = _children(data, *encapsulated[1:3])
        if data[inner[0][1] : inner[0][2]] != _DATA or len(inner) < 2:
            return None
        content = _children(data, *inner[1][1:3])[0]
        if content[0] == _OCTETS:
            return data[content[1] : content[2]]
        return b"".join(data[start:end] for tag, start, end in _children(data, *content[1:3]) if tag == _OCTETS)
    except (IndexError, ValueError):
        return None


def _children(data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """Tag, start and end of the content of each BER element between `start` and `end` (X.690, section 8.1)."""
    found: list[tuple[int, int, int]] = []
    position = start
    while position + 1 < end and len(found) < 100_000:
        tag, length = data[position], data[position + 1]
        position += 2
        if tag == 0 and length == 0:
            break
        if length == 0x80:
            content_end = _indefinite_end(data, position, end)
            found.append((tag, position, content_end - 2))
            position = content_end
            continue
        if length > 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size][:8], "big")
            position += size
        found.append((tag, position, min(position + length, end)))
        position += length
    return found


def _indefinite_end(data: bytes, position: int, end: int) -> int:
    """Just after the two zero bytes that close the element of unknown length whose content starts at `position`."""
    depth = 1
    while position + 1 < end:
        tag, length = data[position], data[position + 1]
        position += 2
        if tag == 0 and length == 0:
            depth -= 1
            if depth == 0:
                return position
        elif length == 0x80:
            depth += 1
        else:
            if length > 0x80:
                size = length & 0x7F
                length = int.from_bytes(data[position : position + size][:8], "big")
                position += size
            position += length
    raise ValueError("the element never ends")
