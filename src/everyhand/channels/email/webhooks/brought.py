"""A provider's request, read once and byte for byte.

Django's own reading is made for people's forms: it turns every field into text, which changes mail that is not UTF-8,
and stops at sizes that a mail may have. So what came is taken apart here, and offered to django-anymail in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters

FIELDS_AT_MOST: Final = 2_000


class Unreadable(ValueError):
    """The request is no form, or breaks off. The message says where."""


class Brought(WSGIRequest):
    """`request` with a body of any length that reached us. Raises `Unreadable`."""

    # Attributes where Django has properties that read the stream.
    body = b""
    POST = QueryDict()
    FILES: MultiValueDict[str, UploadedFile] = MultiValueDict()

    def __init__(self, request: WSGIRequest) -> None:
        super().__init__(request.environ)
        self.body = request.read()
        self.FILES = MultiValueDict()
        self._raw: dict[str, bytes] = {}
        self._texts = QueryDict(mutable=True, encoding="utf-8")
        if self.content_type == "multipart/form-data":
            self._read_multipart()
        elif self.content_type == "application/x-www-form-urlencoded":
            for name, value in _pairs(self.body):
                self._keep(name, value)
        self.POST = cast(Any, self._texts)

    def raw(self, field: str) -> bytes | None:
        """The bytes of a field; None when there is none."""
        return self._raw.get(field)

    def _keep(self, name: str, value: bytes) -> None:
        self._raw[name] = value
        self._texts.appendlist(name, value.decode("utf-8", "replace"))

    def _read_multipart(self) -> None:
        boundary = (self.content_params or {}).get("boundary", "")
        for disposition, kind, content in _parts(self.body, boundary.encode("latin-1", "replace")):
            name = disposition.get("name", "")
            # Django leaves out files without a name; to whoever wrote the mail they are files all the same.
            if "filename" in disposition or not kind.startswith("text/"):
                file = SimpleUploadedFile(disposition.get("filename") or "attachment", content, kind)
                self.FILES.appendlist(name, file)
            else:
                self._keep(name, content)


def _pairs(body: bytes) -> Iterator[tuple[str, bytes]]:
    # Latin-1 gives each byte a character and back again.
    for name, value in parse_qsl(
        body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=FIELDS_AT_MOST
    ):
        yield name, value.encode("latin-1")


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[dict[str, str], str, bytes]]:
    """(parameters of Content-Disposition, type, content) of each part (RFC 7578)."""
    if not boundary:
        raise Unreadable("a form in parts names no boundary")
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
        if part.startswith(b"--"):
            return
        head, blank, content = part.partition(b"\r\n\r\n")
        if not blank:
            raise Unreadable("a part of the form has no content")
        fields = dict(_header_field(line) for line in head.split(b"\r\n") if b":" in line)
        disposition = parse_header_parameters(fields.get("content-disposition", ""))[1]
        yield disposition, fields.get("content-type", "text/plain"), content
    raise Unreadable("the form breaks off")


def _header_field(line: bytes) -> tuple[str, str]:
    name, _colon, value = line.decode("utf-8", "replace").partition(":")
    return name.strip().lower(), value.strip()
