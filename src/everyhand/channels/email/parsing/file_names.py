"""What an attachment is called on the screen: the sender's name for it made harmless, or one we give it."""

from __future__ import annotations

import re

from everyhand.channels.email.parsing import charsets
from everyhand.channels.email.parsing.limits import FILE_NAME_LENGTH

# Control characters, and those that turn text around or are not seen: "invoice\u202efdp.exe" shows as "invoiceexe.pdf".
_TRICKS = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_EXTENSIONS = {
    "text/plain": "txt",
    "text/html": "html",
    "text/calendar": "ics",
    "text/csv": "csv",
    "text/vcard": "vcf",
    "text/x-vcard": "vcf",
    "text/rtf": "rtf",
    "text/rfc822-headers": "txt",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/pjpeg": "jpg",
    "image/svg+xml": "svg",
    "image/tiff": "tif",
    "image/x-icon": "ico",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "video/quicktime": "mov",
    "application/pgp-signature": "asc",
    "application/pgp-encrypted": "asc",
    "application/pgp-keys": "asc",
    "application/pkcs7-signature": "p7s",
    "application/x-pkcs7-signature": "p7s",
    "application/pkcs7-mime": "p7m",
    "application/x-pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/gzip": "gz",
    "message/rfc822": "eml",
    "message/global": "eml",
    "message/news": "eml",
    "message/delivery-status": "txt",
    "message/feedback-report": "txt",
    "message/disposition-notification": "txt",
}


def harmless(name: str) -> str:
    """`name` without folders, invisible characters and direction changes; its end, the extension, is kept."""
    name = _TRICKS.sub("", charsets.storable(name))
    name = re.split(r"[/\\]", name.strip().rstrip("/\\"))[-1].strip()
    if len(name) > FILE_NAME_LENGTH:
        stem, dot, extension = name.rpartition(".")
        kept = dot + extension if stem and len(extension) <= 16 else ""
        name = name[: FILE_NAME_LENGTH - len(kept)] + kept
    return "" if name in (".", "..") else name


def for_nameless(kind: str, number: int) -> str:
    """A name for the `number`th file without one, from its type: "image-2.png"."""
    main, _, sub = kind.partition("/")
    extension = _EXTENSIONS.get(kind) or (sub if re.fullmatch(r"[a-z0-9]{2,5}", sub) else "bin")
    word = main if main in ("image", "audio", "video", "text", "message") else "attachment"
    return f"{word}-{number}.{extension}"
