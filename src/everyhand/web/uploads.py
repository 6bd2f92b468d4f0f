"""Files that come with a form: taken in up to a limit, and beyond it left out without losing what was typed."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from everyhand.conversations.actions import Upload

# What mail servers of customers commonly take is 25 MB, and base64 makes of 18 MB almost that.
BYTES_AT_MOST = 18_000_000


class AtMost(FileUploadHandler):
    """Counts what is attached, and leaves out every file from the one that is too much."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        self.taken += len(raw_data)
        if self.taken > BYTES_AT_MOST:
            if self.request is not None:
                self.request.META["everyhand.too_large"] = "yes"
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:  # noqa: ARG002
        return None


def were_too_large(request: HttpRequest) -> bool:
    """Whether files of this form were left out."""
    return bool(request.POST) and "everyhand.too_large" in request.META  # reading the form is what counts


def uploads(request: HttpRequest) -> list[Upload]:
    """What was attached under the name `files`."""
    return [
        Upload(name=file.name or "", type=file.content_type or "application/octet-stream", content=file.read())
        for file in request.FILES.getlist("files")
    ]
