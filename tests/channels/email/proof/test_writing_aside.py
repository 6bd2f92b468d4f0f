"""Whoever writes aside writes as in a reply: an editor, drafts, files, recipients. None of it ever reaches the customer."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from everyhand.channels.email.outbound.deliver import deliver
from everyhand.conversations import taking_part
from everyhand.conversations.models import Conversation, Delivery, Draft, Message, Participant
from everyhand.core import work
from everyhand.customers import actions as customers
from tests.cast import minutes
from tests.channels.email.far_end import Start
from tests.channels.email.proof.post import ADA, BEA, Post, reply_address, said, sent
from tests.channels.email.proof.test_asides import PAT, QUESTION, SECRET, asks, words
from tests.channels.email.test_letter import parsed
from tests.web.house import browser_of

QUINN = "quinn@example.org"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def conversation(post: Post) -> Conversation:
    found = post.writes(ADA, SECRET, Subject="Wet paper on Mill Lane").conversation
    assert found is not None
    return found


def file(name: str = "route.pdf", content: bytes = b"%PDF-1.7") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def saves(browser: Client, path: str, **typed: Any) -> dict[str, Any]:
    answer = browser.post(f"{path}/drafts", typed)
    assert answer.status_code == 200, words(answer)
    return dict(answer.json())


def begins(browser: Client, conversation: Conversation, **typed: Any) -> dict[str, Any]:
    """Somebody types into the form of a new aside."""
    return saves(browser, f"/conversations/{conversation.pk}", kind="aside", **{**QUESTION, **typed})


def form(browser: Client, conversation: Conversation) -> str:
    return words(browser.get(f"/conversations/{conversation.pk}/asides"))


def goes_on(browser: Client, aside: Conversation, text: str, **typed: Any) -> Any:
    newest = aside.messages.latest("pk").pk
    return browser.post(f"/asides/{aside.pk}/replies", {"text": text, "seen": newest, **typed})


def readers(message: Message) -> set[str]:
    return set(message.deliveries.values_list("address", flat=True))


def last(aside: Conversation) -> Message:
    return aside.messages.latest("pk")


def test_what_ana_began_to_ask_she_goes_on_with_on_her_phone(post: Post, conversation: Conversation) -> None:
    begins(browser_of(post.cast.ana), conversation, quote="on", files=[file()])
    phone = browser_of(post.cast.ana)
    shown = form(phone, conversation)
    assert all(value in shown for value in QUESTION.values())
    assert f"{QUESTION['text']}</textarea>" in shown
    assert 'name="quote" data-action="draft#keep" checked' in shown
    assert "route.pdf" in shown
    page = words(phone.get(f"/conversations/{conversation.pk}"))
    assert "Go on with what you began to ask" in page
    assert f"{QUESTION['text']}</textarea>" not in page  # it is no reply to the customer
    assert QUESTION["text"] not in form(browser_of(post.cast.ben), conversation)


def test_a_message_to_be_handed_on_has_a_draft_of_its_own(post: Post, conversation: Conversation) -> None:
    browser, message = browser_of(post.cast.ana), conversation.messages.get()
    begins(browser, conversation)
    begins(browser, conversation, text="Please look at this.", handing_on=message.pk, quote="on")
    path = f"/messages/{message.pk}/forwarding"
    assert "Please look at this.</textarea>" in words(browser.get(path))
    assert f"{QUESTION['text']}</textarea>" in form(browser, conversation)
    assert f'href="{path}?draft=' in words(browser.get(f"/conversations/{conversation.pk}"))


def test_a_question_never_becomes_a_reply_to_the_customer(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    asked = begins(browser, conversation, files=[file()])
    seen = conversation.messages.get().pk
    typed = {"text": "It is on its way.", "seen": seen, "draft": asked["draft"], "version": asked["version"]}
    assert browser.post(f"/conversations/{conversation.pk}/replies", typed).status_code == 302
    reply = conversation.messages.get(direction="out")
    assert not reply.attachments.exists()
    assert Draft.objects.get().text == QUESTION["text"]


def test_files_are_kept_when_the_form_comes_back_and_go_out_with_the_question(
    post: Post, conversation: Conversation
) -> None:
    browser, path = browser_of(post.cast.ana), f"/conversations/{conversation.pk}/asides"
    refused = browser.post(path, {**QUESTION, "to": "pat", "files": [file(), file("Setup.EXE")]})
    assert refused.status_code == 422
    assert "is no mail address" in words(refused)
    assert "“Setup.EXE” was left out" in words(refused)
    assert 'class="file__name">route.pdf' in words(refused)
    draft = Draft.objects.get()
    again = {**QUESTION, "draft": draft.token, "version": draft.version}
    assert browser.post(path, again).status_code == 302
    asked = Message.objects.get(conversation__aside_of=conversation)
    assert [one.name for one in asked.attachments.all()] == ["route.pdf"]
    assert not Draft.objects.exists()


def test_pressing_twice_asks_once_and_a_late_saving_brings_nothing_back(post: Post, conversation: Conversation) -> None:
    browser, path = browser_of(post.cast.ana), f"/conversations/{conversation.pk}/asides"
    draft = begins(browser, conversation)
    typed = {**QUESTION, "seen": conversation.messages.get().pk, **{key: draft[key] for key in ("draft", "version")}}
    to = [browser.post(path, typed)["Location"] for _ in range(2)]
    assert to[0] == to[1]
    assert Delivery.objects.count() == 1
    assert begins(browser, conversation, draft=draft["draft"], version=draft["version"])["draft"] == ""
    assert not Draft.objects.exists()


def test_formed_words_and_pictures_reach_the_partner_and_stand_on_the_page(
    post: Post, conversation: Conversation
) -> None:
    browser = browser_of(post.cast.ana)
    draft = begins(browser, conversation, shown="yes", files=[file("street.png", PNG)])
    (address,) = draft["pictures"]
    assert browser.get(address).content == PNG
    assert browser_of(post.cast.ben).get(address).status_code == 404
    html = f'<div><strong>Which</strong> truck?</div><figure><img src="{address}"></figure>'
    aside = asks(browser, conversation, html=html, draft=draft["draft"], version=draft["version"])
    mail = parsed(sent(last(aside)).encode())
    (_plain, related) = mail.iter_parts()
    page, picture = related.iter_parts()
    cid = str(picture["Content-ID"]).strip("<>")
    assert f'<img src="cid:{cid}"' in page.get_content()
    assert picture.get_content() == PNG
    for path in (f"/conversations/{conversation.pk}", f"/asides/{aside.pk}"):
        shown = words(browser.get(path))
        assert "<strong>Which</strong> truck?" in shown
        assert f'<img src="/attachments/{last(aside).attachments.get().token}"' in shown


def test_what_goes_on_aside_has_drafts_too_and_two_windows_keep_both(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    path = f"/asides/{aside.pk}"
    first = saves(browser, path, text="And", files=[file()])
    both = {"draft": first["draft"], "version": first["version"]}
    saves(browser, path, text="And on Tuesday?", **both)
    saves(browser, path, text="And who loads it?", **both)
    shown = words(browser.get(path))
    assert "And who loads it?</textarea>" in shown
    assert "<q>And on Tuesday?</q>" in shown
    assert "And on Tuesday?" not in words(browser_of(post.cast.ben).get(path))
    plan = Draft.objects.get(text="And on Tuesday?").files.get()
    assert browser.post(f"/draft-files/{plan.token}/removal")["Location"] == f"{path}#composer"
    assert browser.post(f"/drafts/{first['draft']}/removal")["Location"] == f"{path}#composer"


def test_whom_the_partner_copies_in_gets_the_next_message_in_sight(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    post.writes(PAT, "Bob did. Quinn knows more.", to=reply_address(aside), Cc=f"Quinn Moss <{QUINN}>")
    shown = words(browser.get(f"/asides/{aside.pk}"))
    assert f'<span class="chip">{QUINN}</span>' in shown
    assert f'name="cc" value="{QUINN}"' in shown
    assert goes_on(browser, aside, "Thank you both.").status_code == 302
    assert readers(last(aside)) == {PAT, QUINN}
    assert "> Who drove route 4" not in sent(last(aside))  # Quinn was not asked that
    assert "> Bob did" in sent(last(aside))
    post.writes(QUINN, "It was the red one.", to=reply_address(aside))
    assert said(aside)[-1] == "It was the red one."


def test_whom_ana_takes_out_again_is_asked_nothing_and_stays_out(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    post.writes(PAT, "Bob did.", to=reply_address(aside), Cc=QUINN)
    usual = {"usual_to": PAT, "usual_cc": QUINN}
    assert goes_on(browser, aside, "Only you, Pat.", to=PAT, cc="", **usual).status_code == 302
    assert readers(last(aside)) == {PAT}
    post.writes(PAT, "Sorry.", to=reply_address(aside), Cc=QUINN)
    assert QUINN not in words(browser.get(f"/asides/{aside.pk}")).partition('id="composer"')[2]


def test_whoever_came_while_ana_wrote_is_not_left_out_by_her_old_page(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    seen = last(aside).pk
    post.writes(PAT, "Bob did.", to=reply_address(aside), Cc=QUINN)
    old_page = {"to": PAT, "cc": "", "usual_to": PAT, "usual_cc": ""}
    stopped = goes_on(browser, aside, "Any news?", **{**old_page, "seen": seen})
    assert stopped.status_code == 409
    assert f'name="cc" value="{QUINN}"' in words(stopped)


@pytest.mark.parametrize("role", ["to", "cc"])
@pytest.mark.parametrize("who", [ADA, "ADA@example.org", BEA, "ada@home.example"])
def test_nobody_of_the_conversation_can_be_written_to_aside(
    post: Post, conversation: Conversation, who: str, role: str
) -> None:
    """Bea takes part in it, and the third is another address of Ada's."""
    browser = browser_of(post.cast.ana)
    bea, home = (customers.identify(email=one, name="", at=timezone.now()) for one in (BEA, "ada@home.example"))
    taking_part.let_in(conversation, [bea], by=post.cast.ana, at=timezone.now())
    home.customer = conversation.customer
    home.save()
    aside = asks(browser, conversation)
    typed = {"to": PAT, "cc": "", role: f"{PAT}, {who}" if role == "to" else who}
    refused = goes_on(browser, aside, "Who drives?", **typed)
    assert refused.status_code == 422
    assert "takes part in the conversation itself" in words(refused)
    assert "Who drives?</textarea>" in words(refused)
    assert Delivery.objects.filter(message__conversation=aside).count() == 1


def test_the_customer_whom_a_partner_copies_in_still_gets_nothing_from_us(
    post: Post, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    post.writes(PAT, "Bob did. Ada, sorry.", to=reply_address(aside), Cc=f"{ADA}, {QUINN}")
    assert not Participant.objects.filter(conversation=aside, identity__value=ADA).exists()
    goes_on(browser, aside, "Please, not to Ada.")
    at = timezone.now() + minutes(5)
    deliver(work.claim(Delivery, at=at, limit=32), clock=lambda: at)
    assert {one for letter in far_end.received for one in letter.recipients} == {PAT, QUINN}
    assert not any(ADA.encode() in headers(letter.raw) for letter in far_end.received)
    reply = sent(post.answers(conversation))
    for secret in ("Bob did", "not to Ada", QUESTION["text"], PAT, QUINN):
        assert secret not in reply


def test_who_comes_into_the_conversation_later_is_asked_aside_no_more(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    pat = customers.identify(email=PAT, name="", at=timezone.now())
    taking_part.let_in(conversation, [pat], by=post.cast.ana, at=timezone.now())
    refused = goes_on(browser, aside, "Between us?")
    assert refused.status_code == 422
    assert f"{PAT} takes part in the conversation itself" in words(refused)


def test_a_question_that_is_taken_back_and_asked_anew_shows_the_same(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation, quote="on", files=file())
    page = words(browser.post(f"/messages/{last(aside).pk}/undo", follow=True))
    assert f"{QUESTION['text']}</textarea>" in page
    assert "route.pdf" in page
    draft = Draft.objects.get()
    typed = {"draft": draft.token, "version": draft.version}
    assert goes_on(browser, aside, "Who drove route 4 on Tuesday?", **typed).status_code == 302
    assert f"> {SECRET}" in sent(last(aside))
    assert last(aside).attachments.get().name == "route.pdf"


def test_when_a_conversation_is_split_what_was_to_be_handed_on_goes_along(
    post: Post, conversation: Conversation
) -> None:
    browser = browser_of(post.cast.ana)
    second = post.writes(ADA, "And the bill is wrong.", to=reply_address(conversation)).message
    assert second is not None
    begins(browser, conversation, text="Is it?", handing_on=second.pk)
    browser.post(f"/messages/{second.pk}/split")
    assert "Is it?</textarea>" in words(browser.get(f"/messages/{second.pk}/forwarding"))


def test_the_audit_trail_names_what_was_written_aside(post: Post, conversation: Conversation) -> None:
    admin = browser_of(post.cast.ines)
    aside = asks(admin, conversation)
    trail = words(admin.get("/audit-trail"))
    assert QUESTION["subject"] in trail
    assert f'href="/conversations/{aside.pk}"' in trail
    assert "which you may not see" not in trail


def headers(raw: Collection[int]) -> bytes:
    return bytes(raw).partition(b"\r\n\r\n")[0]
