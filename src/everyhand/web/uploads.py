"""Files that come with a form: what can't go with a letter is refused by name, the rest is kept."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from everyhand.conversations.saying import Upload
from everyhand.core import pictures, tokens, viruses

log = structlog.get_logger(__name__)

# What mail servers of customers commonly take is 25 MB, and base64 makes of 18 MB almost that.
BYTES_AT_MOST = 18_000_000

# Programs, which the servers of the great providers refuse together with the letter they come in: the list that Gmail
# and Outlook have in common (support.google.com/mail/answer/6590).
PROGRAMS: Final = frozenset(
    "ade adp apk appx bat cab chm cmd com cpl dll dmg exe hta ins isp iso jar js jse lib lnk mde msc msi msix msp mst "  # noqa: SIM905
    "nsh pif ps1 scr sct shb sys vb vbe vbs vhd vxd wsc wsf wsh".split()
)


class AtMost(FileUploadHandler):
    """Counts what is attached, and leaves out each file that would be too much."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.taken = self.coming = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.coming = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        self.coming += len(raw_data)
        if self.taken + self.coming > BYTES_AT_MOST:
            if self.request is not None:
                self.request.META.setdefault("everyhand.too_large", []).append(self.file_name or "")
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        self.taken += file_size
        return None


def too_large(request: HttpRequest) -> list[str]:
    """The names of files of this form that were left out while they came in."""
    _read = request.FILES  # reading the form is what counts
    return list(request.META.get("everyhand.too_large", []))


def uploads(request: HttpRequest, *, taken: int = 0, shown_in: str = "") -> tuple[list[Upload], list[str]]:
    """What was attached under the name `files`, and a sentence for each file that can't go with a letter.

    `taken` is how many bytes go with it already. `shown_in` is the domain of a letter that shows them as pictures.
    """
    kept: list[Upload] = []
    refused = [_too_large(name) for name in too_large(request)]
    for file in request.FILES.getlist("files"):
        name, size = file.name or "file", file.size or 0
        if PurePath(name).suffix.lower().lstrip(".") in PROGRAMS:
            refused.append(
                _("“%(name)s” was left out: mail servers refuse letters with programs in them. Send a link instead.")
                % {"name": name}
            )
        elif taken + size > BYTES_AT_MOST:
            refused.append(_too_large(name))
        else:
            upload = _upload(name, file, shown_in)
            if wrong := _virus(upload):
                refused.append(wrong)
            else:
                taken += size
                kept.append(upload)
    return kept, refused


def _upload(name: str, file: UploadedFile, shown_in: str) -> Upload:
    content = file.read()
    picture = pictures.type_of(content) if shown_in else ""
    if not picture:
        return Upload(name, file.content_type or "application/octet-stream", content)
    return Upload(name, picture, content, content_id=f"{tokens.random()}@{shown_in}", inline=True)


def _virus(upload: Upload) -> str:
    """Why a virus scanner keeps this file out; "" when it does not, or there is none."""
    scanner = settings.EVERYHAND.clamav
    if not scanner:
        return ""
    try:
        virus = viruses.found_in(upload.content, scanner=scanner)
    except viruses.NotChecked:
        log.warning("a file could not be checked for viruses", scanner=scanner.geturl(), exc_info=True)
        return _(
            "“%(name)s” was left out: it could not be checked for viruses just now. Attach it again in a moment."
        ) % {"name": upload.name}
    return (
        _("“%(name)s” was left out: there is a virus in it (%(virus)s).") % {"name": upload.name, "virus": virus}
        if virus
        else ""
    )


def _too_large(name: str) -> str:
    return _(
        "“%(name)s” was left out: with it your files would be more than %(megabytes)d MB together, which many mail "
        "servers refuse. Attach fewer or smaller files, or send a link."
    ) % {"name": name, "megabytes": BYTES_AT_MOST // 1_000_000}
