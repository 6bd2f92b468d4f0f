"""A member asks somebody else by mail beside a conversation: real mail out and in, and neither side learns of the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from everyhand.channels import erasing
from everyhand.channels.email import tokens
from everyhand.channels.email.models import RawMail
from everyhand.channels.email.outbound.deliver import deliver
from everyhand.cli import reactions
from everyhand.conversations import finding, taking_part
from everyhand.conversations.models import Attachment, Conversation, Delivery, Message
from everyhand.core import blobs, work
from everyhand.customers import forgetting
from everyhand.desk.join import join, undo
from everyhand.notices.models import Notice
from everyhand.promises.models import Promise
from tests.cast import HELP, minutes, team
from tests.channels.email.far_end import Start
from tests.channels.email.proof.post import ADA, Post, reply_address, said, sent
from tests.channels.email.proof.test_coming_back import REPORT, failed
from tests.channels.email.test_letter import parsed
from tests.web.house import browser_of

PAT = "pat@example.org"
SECRET = "My door code is 4711."
QUESTION = {"to": PAT, "subject": "Which truck was it?", "text": "Who drove route 4 on Monday?"}


def words(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def conversation(post: Post) -> Conversation:
    found = post.writes(ADA, SECRET, Subject="Wet paper on Mill Lane").conversation
    assert found is not None
    return found


def asks(browser: Client, conversation: Conversation, **fields: Any) -> Conversation:
    response = browser.post(f"/conversations/{conversation.pk}/asides", {**QUESTION, **fields})
    assert response.status_code == 302, words(response)
    return Conversation.objects.get(aside_of=conversation)


def page_of(browser: Client, conversation: Conversation) -> str:
    return words(browser.get(f"/conversations/{conversation.pk}"))


def leaves(at: datetime) -> None:
    """The worker delivers what is due."""
    deliver(work.claim(Delivery, at=at, limit=32), clock=lambda: at)


@pytest.mark.django_db(transaction=True)
def test_a_partner_is_asked_and_their_answer_comes_back_to_whoever_asked(
    post: Post, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    browser = browser_of(post.cast.ana)
    before = (conversation.status, conversation.owner_id, Promise.objects.get().due_at)
    aside = asks(browser, conversation)
    leaves(timezone.now() + minutes(5))
    [letter] = far_end.received
    mail = parsed(letter.raw)
    assert letter.recipients == [PAT]
    assert mail["Subject"] == QUESTION["subject"]
    assert "4711" not in letter.raw.decode()
    assert "Mill Lane" not in letter.raw.decode()
    assert mail["In-Reply-To"] is None
    assert tokens.proven_conversation([mail["Reply-To"].partition("<")[2].rstrip(">")], []) == aside.pk

    filed = post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    assert filed.conversation == aside
    page = page_of(browser, conversation)
    assert "Ana Silva asked" in page
    assert "Bob did, in the red truck." in page
    reactions.react(timezone.now())
    told = Notice.objects.filter(message=filed.message)
    assert [(one.member, one.conversation) for one in told] == [(post.cast.ana, conversation)]
    conversation.refresh_from_db()
    assert (conversation.status, conversation.owner_id, Promise.objects.get().due_at) == before


def test_a_message_is_handed_on_with_its_files_and_nothing_else_of_the_conversation(
    post: Post, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    browser, message = browser_of(post.cast.ana), conversation.messages.get()
    for name, content, virus in (("truck.jpg", b"a red truck", None), ("bad.zip", b"a virus", "Eicar")):
        kept = blobs.keep(content)
        Attachment.objects.create(message=message, name=name, type="image/jpeg", size=5, blob=kept, virus=virus)
    post.writes(ADA, "And my neighbour's key is 0815.", to=reply_address(conversation))
    path = f"/messages/{message.pk}/forwarding"
    assert f'href="{path}"' in page_of(browser, conversation)
    page = words(browser.get(path))
    assert 'value="Fwd: Wet paper on Mill Lane"' in page
    assert "truck.jpg" in page
    assert "bad.zip" not in page

    handed_on = {"to": PAT, "subject": "Fwd: Wet paper", "text": "", "quote": "on", "along": "on"}
    assert browser.post(path, handed_on).status_code == 302
    leaves(timezone.now() + minutes(5))
    [letter] = far_end.received
    assert f"> {SECRET}" in sent(Message.objects.get(conversation__aside_of=conversation))
    assert [one.get_content() for one in parsed(letter.raw).iter_attachments()] == [b"a red truck"]
    assert b"0815" not in letter.raw


def test_without_words_and_without_the_message_there_is_nothing_to_hand_on(
    post: Post, conversation: Conversation
) -> None:
    browser, message = browser_of(post.cast.ana), conversation.messages.get()
    path = f"/messages/{message.pk}/forwarding"
    answered = browser.post(path, {"to": PAT, "subject": "Fwd: Wet paper", "text": ""})
    assert answered.status_code == 422
    assert "Write what you want to know." in words(answered)
    aside = asks(browser, conversation)
    assert browser.get(f"/messages/{aside.messages.get().pk}/forwarding").status_code == 404
    note = conversation.messages.create(
        kind="note", direction="out", author_member=post.cast.ana, text="x", at=timezone.now()
    )
    assert browser.get(f"/messages/{note.pk}/forwarding").status_code == 404


def test_the_customer_gets_not_a_word_of_it(post: Post, conversation: Conversation) -> None:
    aside = asks(browser_of(post.cast.ana), conversation)
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    reply = sent(post.answers(conversation))
    assert "red truck" not in reply
    assert "route 4" not in reply
    assert PAT not in reply
    assert [address for address, _ in taking_part.addressees(conversation).everybody] == [ADA]


def test_the_partner_sees_the_customers_words_only_when_somebody_quotes_them(
    post: Post, conversation: Conversation, mail_server: Start
) -> None:
    far_end = mail_server()
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation, quote="on")
    leaves(timezone.now() + minutes(5))
    assert f"> {SECRET}" in sent(Message.objects.get(conversation=aside))
    assert len(far_end.received) == 1
    seen = max(Message.objects.values_list("pk", flat=True))
    browser.post(f"/asides/{aside.pk}/replies", {"text": "And on Tuesday?", "seen": seen})
    again = sent(Message.objects.filter(conversation=aside).latest("pk"))
    assert "And on Tuesday?" in again
    assert "4711" not in again  # it was quoted once, and what a letter quoted is not quoted again


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"to": ""}, "Write the address"),
        ({"to": "pat"}, "is no mail address"),
        ({"to": f"{PAT}, {ADA}"}, "takes part in the conversation itself"),
        ({"to": HELP}, "is an address of this desk"),
        ({"subject": " "}, "Write what it is about"),
        ({"text": " "}, "Write what you want to know"),
    ],
)
def test_what_can_not_be_asked_is_said_beside_the_field_and_nothing_typed_is_lost(
    post: Post, conversation: Conversation, fields: dict[str, str], why: str
) -> None:
    path = f"/conversations/{conversation.pk}/asides"
    response = browser_of(post.cast.ana).post(path, {**QUESTION, **fields})
    assert response.status_code == 422
    assert why in words(response)
    assert all(value.strip() in words(response) for value in {**QUESTION, **fields}.values())
    assert not Conversation.objects.filter(aside_of__isnull=False).exists()


def test_a_stranger_with_the_partners_letter_stands_on_their_own(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    strange = post.writes("quinn@example.org", "I am Pat's boss.", to=reply_address(aside)).conversation
    assert strange not in (aside, conversation)
    assert strange is not None
    assert strange.linked_to == conversation
    assert said(aside) == [QUESTION["text"]]


def test_an_absence_note_of_the_partner_changes_nothing(post: Post, conversation: Conversation) -> None:
    aside = asks(browser_of(post.cast.ana), conversation)
    away = post.writes(PAT, "I am away.", to=reply_address(aside), **{"Auto-Submitted": "auto-replied"})
    assert away.outcome == "suppressed"
    assert said(aside) == [QUESTION["text"]]
    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_question_that_comes_back_is_told_to_whoever_asked(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ben)
    asks(browser, conversation)
    path = tokens.return_path(Delivery.objects.get())
    post.comes(REPORT.format(to=path, recipients=failed(PAT, "5.1.1")).encode(), to=path, envelope_from="")
    reactions.react(timezone.now())
    told = Notice.objects.filter(kind="came-back") or Notice.objects.exclude(particulars__address=None)
    assert post.cast.ben in {one.member for one in told}
    assert {one.conversation for one in told} == {conversation}
    assert f"What we wrote to {PAT} came back" in page_of(browser, conversation)


def test_what_is_private_stays_private_aside(post: Post, conversation: Conversation) -> None:
    hr = team("hr", "HR", post.cast.carla, private=True)
    Conversation.objects.filter(pk=conversation.pk).update(team=hr, owner=post.cast.carla)
    carla, ana = browser_of(post.cast.carla), browser_of(post.cast.ana)
    aside = asks(carla, conversation)
    heard = post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside)).message
    assert heard is not None
    for path in (f"/asides/{aside.pk}", f"/conversations/{aside.pk}", f"/messages/{heard.pk}/raw"):
        assert ana.get(path, follow=True).status_code == 404
        assert carla.get(path, follow=True).status_code == 200
    assert ana.post(f"/asides/{aside.pk}/replies", {"text": "x", "seen": heard.pk}).status_code == 404
    assert ana.post(f"/conversations/{conversation.pk}/asides", QUESTION).status_code == 404
    assert [hit.conversation.pk for hit in finding.find(post.cast.carla, "red truck")] == [conversation.pk]
    assert not finding.find(post.cast.ana, "red truck").hits


def test_an_aside_stands_in_no_list_and_is_found_where_it_was_asked(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    assert QUESTION["subject"] not in words(browser.get("/inbox/everyone?status=any"))
    assert PAT not in words(browser.get("/customers"))
    assert [hit.conversation.pk for hit in finding.find(post.cast.ana, "red truck")] == [conversation.pk]
    assert browser.get(f"/conversations/{aside.pk}")["Location"] == f"/asides/{aside.pk}"
    assert browser.post(f"/messages/{Message.objects.latest('pk').pk}/split").status_code == 404
    assert browser.post(f"/conversations/{aside.pk}/replies", {"text": "x", "seen": 0}).status_code == 404


def test_whoever_writes_while_the_partner_answers_is_shown_it_first(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    seen = Message.objects.get(conversation=aside).pk
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    stopped = browser.post(f"/asides/{aside.pk}/replies", {"text": "Any news?", "seen": seen})
    assert stopped.status_code == 409
    assert "wrote again while you were writing" in words(stopped)
    assert "Any news?" in words(stopped)
    assert len(said(aside)) == 2


def test_a_partner_who_copies_the_customer_in_is_warned_of_beside_their_words(
    post: Post, conversation: Conversation
) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside), Cc="boss@example.org")
    for page in (page_of(browser, conversation), words(browser.get(f"/asides/{aside.pk}"))):
        assert "The customer was copied in here." not in page
        assert "never sees this" in page
    post.writes(PAT, "He says sorry.", to=reply_address(aside), Cc=f"boss@example.org, Ada Brown <{ADA}>")
    for page in (page_of(browser, conversation), words(browser.get(f"/asides/{aside.pk}"))):
        assert page.count("The customer was copied in here.") == 1
        assert f"This went to {ADA} too, with what it quotes." in page
        assert page.index("Bob did") < page.index("The customer was copied in here.") < page.index("He says sorry.")
        assert "never sees this" not in page


def test_a_question_is_taken_back_and_its_words_are_there_again(post: Post, conversation: Conversation) -> None:
    browser = browser_of(post.cast.ana)
    aside = asks(browser, conversation)
    page = words(browser.post(f"/messages/{Message.objects.get(conversation=aside).pk}/undo", follow=True))
    assert "Taken back" in page
    assert f"{QUESTION['text']}</textarea>" in page
    assert Delivery.objects.get().state == "undone"
    aside.refresh_from_db()
    assert aside.status == "closed"
    assert not Promise.objects.filter(conversation=aside).exists()


def test_asides_go_along_when_conversations_are_merged_and_back_when_they_part(
    post: Post, conversation: Conversation
) -> None:
    browser = browser_of(post.cast.ana)
    kept = post.writes(ADA, "No paper today either.").conversation
    assert kept is not None
    aside = asks(browser, conversation)
    made = join(kept, conversation, by=post.cast.ana, at=timezone.now())
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    assert "red truck" in page_of(browser, kept)
    assert [hit.conversation.pk for hit in finding.find(post.cast.ana, "red truck")] == [kept.pk]
    undo(made, by=post.cast.ana, at=timezone.now())
    assert "red truck" not in page_of(browser, kept)
    assert "red truck" in page_of(browser, conversation)


def test_asides_are_erased_with_the_customer_and_not_handed_out_to_them(
    post: Post, conversation: Conversation, tmp_path: Any, settings: Any
) -> None:
    admin = browser_of(post.cast.ines)
    aside = asks(admin, conversation)
    post.writes(PAT, "Bob did, in the red truck.", to=reply_address(aside))
    handed_out = b"".join(admin.post(f"/customers/{conversation.customer_id}/export").streaming_content)  # type: ignore[attr-defined]
    assert b"red truck" not in handed_out
    erasure = forgetting.ask_to_erase(conversation.customer, by=post.cast.ines, at=timezone.now())
    erasing.erase(erasure, at=timezone.now())
    assert not Conversation.objects.filter(pk__in=[conversation.pk, aside.pk]).exists()
    assert not [raw for raw in RawMail.objects.all() if b"red truck" in bytes(raw.content)]
    assert not finding.find(None, "red truck").hits


@pytest.mark.parametrize("number", [1, 4])
def test_asides_cost_the_same_however_many_there_are(
    post: Post, conversation: Conversation, number: int, django_assert_max_num_queries: Any
) -> None:
    browser = browser_of(post.cast.ana)
    for one in range(number):
        browser.post(f"/conversations/{conversation.pk}/asides", {**QUESTION, "subject": f"Question {one}"})
    page_of(browser, conversation)
    with django_assert_max_num_queries(23):
        assert browser.get(f"/conversations/{conversation.pk}").status_code == 200
