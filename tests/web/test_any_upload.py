"""Whatever is uploaded: it is kept as it came or refused by name, under a name that leads nowhere."""

from __future__ import annotations

import io
import zipfile
from email.message import Message as Headers
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from everyhand.conversations.models import Attachment, Conversation, Draft, DraftFile
from everyhand.web.originals import download
from tests.web.house import House, arrives, browser_of

NAMES = (
    ".htaccess",
    "\u200b.htaccess",
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\drivers\\etc\\hosts",
    "/etc/passwd",
    "C:\\autoexec.txt",
    "invoice\u202efdp.txt",
    "a\x00b.pdf",
    "line\r\nSet-Cookie: x=1.txt",
    'quote"; filename="evil.html',
    "=?utf-8?q?evil=0D=0A.txt?=",
    "%2e%2e%2fetc%2fpasswd",
    "a" * 300 + ".pdf",
    "漢" * 200 + ".pdf",
    "CON",
    "   ",
    ".",
    "🐈\u200d⬛.png",
)


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


CONTENTS = {
    "a zip that leads out": zipped("../../evil.sh", b"#!/bin/sh"),
    "a zip that unpacks to much": zipped("zeros", bytes(20_000_000)),
    "a picture and a page at once": b"GIF89a/*<script>alert(1)</script>*/=1;",
    "a picture of a million by a million": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    + b"\xff\xff\xff\x7f" * 2
    + b"\x08\x06\0\0\0",
    "a drawing that runs": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a document with entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}


@pytest.fixture
def conversation(house: House) -> Conversation:
    return arrives().conversation


def uploads(house: House, conversation: Conversation, name: str, content: bytes, type_: str = "text/html") -> Any:
    file = SimpleUploadedFile("x", content, type_)
    file._name = name  # type: ignore[attr-defined] # as a browser of somebody's own would send it
    return browser_of(house.ana).post(
        f"/conversations/{conversation.pk}/drafts", {"text": "See", "files": [file], "shown": "yes"}
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_name_leads_nowhere(house: House, conversation: Conversation, name: str) -> None:
    assert uploads(house, conversation, name, b"%PDF").status_code in (200, 400)
    for file in DraftFile.objects.all():
        assert "/" not in file.name
        assert "\\" not in file.name or not file.name.startswith("..")
        assert file.token not in name
        served = download(b"%PDF", file.name)
        assert_header_is_one_line(served.headers["Content-Disposition"])
    assert Draft.objects.filter(text="See").exists() or not Draft.objects.exists()


@pytest.mark.parametrize("what", CONTENTS)
def test_a_content_is_only_ever_bytes(house: House, conversation: Conversation, what: str) -> None:
    answer = uploads(house, conversation, f"{what}.png", CONTENTS[what], "image/png")
    assert answer.status_code == 200
    file = DraftFile.objects.get()
    assert bytes(file.blob.content) == CONTENTS[what]
    browser_of(house.ana).post(
        f"/conversations/{conversation.pk}/notes", {"text": "Look", "draft": Draft.objects.get().token}
    )
    for attachment in Attachment.objects.all():
        served = browser_of(house.ana).get(f"/attachments/{attachment.token}")
        assert served.headers["Content-Disposition"].startswith("attachment")
        assert served.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def assert_header_is_one_line(value: str) -> None:
    assert not set("\r\n\0") & set(value)
    headers = Headers()
    headers["Content-Disposition"] = value
    assert headers.get_content_disposition() == "attachment"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.text(max_size=400))
def test_any_name_at_all_is_one_header(name: str) -> None:
    assert_header_is_one_line(download(b"", name).headers["Content-Disposition"])
