"""Formed words: what an editor gives is cleaned, sent as HTML with its pictures and as good plain text, and shown."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations import rich_text
from everyhand.conversations.models import Message
from tests.channels.email.test_letter import parsed
from tests.web.house import House, arrives, browser_of
from tests.web.test_drafts import PNG, file, page, pick, saves


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>Dear Ada,<br><br>it is <strong>on its way</strong>.</div>", "Dear Ada,\n\nit is on its way."),
        ("<div>Two:</div><ul><li>one</li><li>two<ul><li>deep</li></ul></li></ul><div>Bye</div>",
         "Two:\n- one\n- two\n  - deep\n\nBye"),
        ("<ol><li>first</li><li>second</li></ol>", "1. first\n2. second"),
        ("<blockquote>No paper<br>today.</blockquote><div>Sorry!</div>", "> No paper\n> today.\n\nSorry!"),
        ('<div>See <a href="https://courier.test/map">the map</a>.</div>', "See the map <https://courier.test/map>."),
        ('<div><a href="https://courier.test/">https://courier.test</a></div>', "https://courier.test"),
        ('<div><a href="mailto:help@courier.test">help@courier.test</a></div>', "help@courier.test"),
        ('<div>Here:</div><figure><img src="cid:a@b" alt="street.png"></figure>', "Here:\n[street.png]"),
        ("<pre>  a = 1\n  b = 2</pre>", "  a = 1\n  b = 2"),
        ("<div>1 &lt; 2 &amp; 3</div>", "1 < 2 & 3"),
        ("", ""),
    ],
)  # fmt: skip
def test_as_plain_text_a_letter_reads_well(html: str, text: str) -> None:
    assert rich_text.as_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><div>Dear</div>",
        '<div onclick="alert(1)" style="position:fixed" class="x">Dear</div>',
        '<div>Dear<img src="https://tracker.test/a.gif"><img src="data:image/png;base64,AA=="></div>',
        '<div>Dear<a href="javascript:alert(1)"></a><iframe src="/"></iframe><form><input></form></div>',
        "<style>*{display:none}</style><svg onload=alert(1)></svg><div>Dear</div>",
    ],
)
def test_what_does_not_belong_into_a_letter_is_left_out(house: House, html: str) -> None:
    received = arrives()
    typed = {"html": html, "seen": received.message.pk}
    assert browser_of(house.ana).post(f"/conversations/{received.conversation.pk}/replies", typed).status_code == 302
    message = Message.objects.get(direction="out")
    for forbidden in ("script", "onclick", "style", "class", "tracker", "data:", "javascript", "iframe", "form", "svg"):
        assert forbidden not in message.html
    assert message.text == "Dear"


def test_a_reply_shows_its_picture_to_the_customer_and_to_us(house: House) -> None:
    received = arrives()
    conversation, browser = received.conversation, browser_of(house.ana)
    draft = saves(browser, conversation, "Look", files=[file("street.png", PNG)], shown="yes")
    (address,) = draft["pictures"]
    figure = f'<figure><img src="{address}" width="1"><figcaption>street.png 28 B</figcaption></figure>'
    html = f"<div><em>Here</em>:</div>{figure}"
    typed = {"html": html, "seen": received.message.pk, **pick(draft), "files": [file("plan.pdf")]}
    assert browser.post(f"/conversations/{conversation.pk}/replies", typed).status_code == 302

    message = Message.objects.get(direction="out")
    mail = parsed(compose(message))
    assert mail.get_content_type() == "multipart/mixed"
    alternative, plan = mail.iter_parts()
    assert isinstance(alternative, EmailMessage)
    text, related = alternative.iter_parts()
    assert isinstance(related, EmailMessage)
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    shown, picture = related.iter_parts()
    cid = str(picture["Content-ID"]).strip("<>")
    assert f'<img src="cid:{cid}"' in shown.get_content()
    assert "<em>Here</em>" in shown.get_content()
    assert "28 B" not in shown.get_content()
    assert picture.get_content() == PNG
    assert picture.get_content_disposition() == "inline"
    assert plan.get_filename() == "plan.pdf"
    assert compose(message) == compose(message)

    seen = page(browser, conversation)
    file_shown = message.attachments.get(inline=True)
    assert f'<img src="/attachments/{file_shown.token}" width="1" alt="street.png">' in seen
    assert message.text == "Here:\n[street.png]"
    assert browser.get(f"/attachments/{file_shown.token}").headers["Content-Type"] == "image/png"
    assert "As they designed it" not in seen


def test_a_picture_taken_out_of_the_words_again_stays_behind(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    draft = saves(browser, received.conversation, "Look", files=[file("street.png", PNG)], shown="yes")
    typed = {"html": "<div>No picture.</div>", "seen": received.message.pk, **pick(draft)}
    browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    assert not Message.objects.get(direction="out").attachments.exists()


def test_nobody_puts_a_picture_of_somebody_elses_draft_into_a_reply(house: House) -> None:
    received = arrives()
    theirs = saves(browser_of(house.ben), received.conversation, "Mine", files=[file("a.png", PNG)], shown="yes")
    html = f'<div>Dear</div><img src="{theirs["pictures"][0]}">'
    browser_of(house.ana).post(
        f"/conversations/{received.conversation.pk}/replies",
        {"html": html, "seen": received.message.pk, "draft": theirs["draft"]},
    )
    assert Message.objects.get(direction="out").html == "<div>Dear</div>"


def test_a_window_that_shows_a_picture_of_another_draft_takes_it_along(house: House) -> None:
    received = arrives()
    conversation, browser = received.conversation, browser_of(house.ana)
    both = saves(browser, conversation, "Look", files=[file("street.png", PNG)], shown="yes")
    html = f'<div>Look</div><img src="{both["pictures"][0]}">'
    saves(browser, conversation, "", html=html + "<div>here</div>", **pick(both))
    other = saves(browser, conversation, "", html=html, **pick(both))
    assert other["draft"] != both["draft"]

    typed = {"html": html, "seen": received.message.pk, **pick(other)}
    browser.post(f"/conversations/{conversation.pk}/replies", typed)

    message = Message.objects.get(direction="out")
    assert message.attachments.get().content_id in message.html
