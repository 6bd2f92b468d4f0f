"""The address of a file is its token, and good only for whoever may read the conversation, for as long as they may."""

from __future__ import annotations

import base64

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations.models import Attachment
from everyhand.desk.inbound import File
from everyhand.people import actions as people
from tests.cast import NOON
from tests.web.house import House, arrives, browser_of

PICTURES = {
    "image/png": base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    ),
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBP",
}
PNG = PICTURES["image/png"]
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
DOT, PDF = File("wet.png", "image/png", PNG), File("wet.pdf", "application/pdf", b"%PDF-1.7")


@pytest.fixture
def private(house: House) -> str:
    """The address of a file that only HR may read."""
    arrives("About my contract.", to="hr@courier.test", files=[File("contract.pdf", "application/pdf", b"secret")])
    return f"/attachments/{Attachment.objects.get().token}"


def leaks(browser: Client, address: str) -> bool:
    """Whether any way to ask for it gives anything away."""
    answers = [
        browser.get(address),
        browser.head(address),
        browser.get(address, headers={"range": "bytes=0-1"}),
        browser.get(f"{address}?x=1"),
    ]
    said = b"".join(answer.content for answer in answers) + repr([answer.headers for answer in answers]).encode()
    return {answer.status_code for answer in answers} - {302, 404} != set() or b"secret" in said or b"contract" in said


def test_only_who_may_read_the_conversation_gets_its_files(house: House, private: str) -> None:
    assert browser_of(house.dora).get(private).content == b"secret"
    for somebody in (house.ana, house.carla, house.ines, None):
        assert leaks(browser_of(somebody), private) is False


def test_no_address_leads_to_its_neighbour(house: House, private: str) -> None:
    dora = browser_of(house.dora)
    token = private.rpartition("/")[2]
    assert len(token) * 5 >= 128
    neighbour = token[:-1] + ("a" if token[-1] != "a" else "b")
    for guess in (neighbour, token[:-1], token + "a", token.upper(), str(Attachment.objects.get().pk), "0", "-"):
        assert dora.get(f"/attachments/{guess}").status_code == 404


def test_whoever_signed_out_or_was_disabled_has_lost_it(house: House, private: str) -> None:
    signed_out, disabled = browser_of(house.dora), browser_of(house.dora)
    signed_out.logout()
    assert leaks(signed_out, private) is False
    assert leaks(disabled, private) is True
    people.disable(house.dora, by=house.ines, at=NOON)
    assert leaks(disabled, private) is False


def test_a_part_of_a_file_is_not_served_apart(house: House, private: str) -> None:
    asked = browser_of(house.dora).get(private, headers={"range": "bytes=0-1"})
    assert (asked.status_code, asked.content) == (200, b"secret")
    assert browser_of(house.dora).head(private).content == b""


def comes(type_: str, content: bytes, *, to: str = "help@courier.test") -> str:
    """The address of a picture that came, or of what says it is one."""
    received = arrives("Look at this.", to=to, files=[File("wet.png", type_, content)])
    return f"/attachments/{Attachment.objects.get(message=received.message).token}?shown=1"


@pytest.mark.parametrize("type_", PICTURES)
def test_a_picture_can_be_looked_at_where_it_can_do_nothing(house: House, type_: str) -> None:
    browser = browser_of(house.ana)
    shown = browser.get(comes(type_, PICTURES[type_]))
    assert shown.headers["Content-Disposition"].startswith("inline;")
    assert shown.headers["Content-Type"] == type_
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    saved = browser.get(f"/attachments/{Attachment.objects.get().token}")
    assert saved.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("image/svg+xml", SVG),
        ("image/png", SVG),
        ("image/png", b"<!doctype html><script>alert(1)</script>" + PNG),
        ("image/png", PICTURES["image/gif"]),
        ("text/html", PNG),
        ("application/pdf", b"%PDF-1.7"),
        ("image/bmp", b"BM"),
        ("image/png", PNG + bytes(5 * 2**20)),
    ],
)
def test_what_is_no_such_picture_stays_a_download(house: House, type_: str, content: bytes) -> None:
    asked = browser_of(house.ana).get(comes(type_, content))
    assert asked.headers["Content-Disposition"].startswith("attachment;")
    assert asked.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_picture_is_looked_at_only_by_who_may_read_the_conversation(house: House) -> None:
    address = comes("image/png", PNG + b"secret", to="hr@courier.test")
    assert browser_of(house.dora).get(address).content == PNG + b"secret"
    for somebody in (house.ana, house.carla, house.ines, None):
        assert browser_of(somebody).get(address).status_code in (302, 404)
        assert leaks(browser_of(somebody), address) is False


@pytest.mark.parametrize(
    ("type_", "size", "seen"),
    [("image/png", 0, True), ("image/svg+xml", 0, False), ("text/html", 0, False), ("image/png", 5 * 2**20, False)],
)
def test_the_page_shows_pictures_that_are_small_enough(house: House, type_: str, size: int, *, seen: bool) -> None:
    address = comes(type_, PNG + bytes(size))
    page = browser_of(house.ana).get(f"/conversations/{Attachment.objects.get().message.conversation_id}")
    assert (f'<img src="{address}"' in page.content.decode()) is seen
    assert f'href="{address.removesuffix("?shown=1")}"' in page.content.decode()


def test_pictures_cost_a_page_no_query(house: House, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    pages = [arrives(subject=str(number), files=files).conversation for number, files in enumerate(([PDF], [DOT] * 9))]
    browser = browser_of(house.ana)
    for page in pages:
        browser.get(f"/conversations/{page.pk}")
    with CaptureQueriesContext(connection) as plain:
        browser.get(f"/conversations/{pages[0].pk}")
    with django_assert_num_queries(len(plain)):
        browser.get(f"/conversations/{pages[1].pk}")
