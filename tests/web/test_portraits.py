"""Whoever works here is seen by their picture, if they brought one, and by their initials otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from everyhand.core.blobs import Blob
from everyhand.people.models import Member
from tests.web.house import House, answers, arrives, browser_of

DOT = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00"


def brings(member: Member, content: bytes = DOT, name: str = "me.gif") -> Any:
    return browser_of(member).post("/profile/picture", {"files": SimpleUploadedFile(name, content)}, follow=True)


def face_of(member: Member) -> str:
    member.refresh_from_db()
    return f"/faces/{member.picture}"


def test_ana_is_seen_by_her_picture_wherever_she_stands(house: House) -> None:
    conversation = arrives().conversation
    answers(house.ana, conversation, "A paper is on its way.")
    assert brings(house.ana).status_code == 200
    face = face_of(house.ana)
    hers = (f"/conversations/{conversation.pk}", f"/people/{house.ana.pk}")
    for path in ("/inbox/everyone?status=waiting", "/search?q=silva", "/people", *hers):
        assert f'src="{face}"' in browser_of(house.ben).get(path).content.decode(), path
    shown = browser_of(house.ben).get(face)
    assert (shown.content, shown["Content-Type"]) == (DOT, "image/gif")
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert browser_of(None).get(face).status_code == 302


def test_another_picture_has_another_address_and_none_leaves_nothing_behind(house: House) -> None:
    brings(house.ana)
    before = face_of(house.ana)
    brings(house.ana, DOT + b"\x00")
    assert face_of(house.ana) != before
    assert browser_of(house.ben).get(before).status_code == 404
    page = browser_of(house.ana).post("/profile/picture/removal", follow=True).content.decode()
    assert "/faces/" not in page
    assert not Blob.objects.exists()


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"<svg onload=alert(1)>", "me.svg", "“me.svg” is no picture."),
        (DOT + bytes(300_000), "me.gif", "“me.gif” is too large."),
        (b"MZ", "me.exe", "“me.exe” was left out"),
    ],
)
def test_what_is_no_small_picture_is_refused_by_name(house: House, content: bytes, name: str, why: str) -> None:
    answer = brings(house.ana, content, name)
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert face_of(house.ana) == "/faces/"
    assert "Choose a picture." in browser_of(house.ana).post("/profile/picture").content.decode()
