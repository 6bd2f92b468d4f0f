"""A conversation: reading it, answering, taking that back, handing it over, closing it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from everyhand.conversations.models import Conversation, Delivery, Message, Participant, Status
from everyhand.desk.inbound import Address
from everyhand.web import uploads
from tests.web.house import House, answers, arrives, browser_of


def words(response: Any) -> str:
    return str(response.content.decode())


def sends(browser: Client, conversation: Conversation, text: str, seen: Message, **more: Any) -> Any:
    return browser.post(f"/conversations/{conversation.pk}/replies", {"text": text, "seen": seen.pk, **more})


def test_ana_reads_what_ada_wrote_and_why_it_is_hers(house: House) -> None:
    received = arrives("No paper on route 4 today.")
    page = words(browser_of(house.ana).get(f"/conversations/{received.conversation.pk}"))
    assert "No paper on route 4 today." in page
    assert "because the mail names route 4 (the round), which belongs to Ana Silva" in page
    assert "ada@example.org" in page


def test_it_is_their_first_letter_only_where_nobody_sees_another(house: House) -> None:
    received = arrives()
    browser, address = browser_of(house.ana), f"/conversations/{received.conversation.pk}"
    assert "They write for the first time, as far as you can see." in words(browser.get(address))

    again = {"text": "Are you there?", "reply": "Are you there?", "at": timezone.now(), "direction": "in"}
    Message.objects.create(
        conversation=received.conversation, author_identity=received.message.author_identity, **again
    )
    assert "for the first time" not in words(browser.get(address))
    assert "Nothing else, as far as you can see." in words(browser.get(address))

    arrives("And the crossword is wrong.", subject="Crossword")
    assert "as far as you can see" not in words(browser.get(address))


def test_her_answer_is_due_to_ada_and_can_be_taken_back_for_ten_seconds(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    sent = sends(browser, received.conversation, "Dear Ada, it is on its way.", received.message)
    reply = Message.objects.get(direction="out")
    assert sent.headers["Location"] == f"/conversations/{received.conversation.pk}#message-{reply.pk}"
    delivery = Delivery.objects.get(message=reply)
    assert delivery.address == "ada@example.org"
    assert f"/messages/{reply.pk}/undo" in words(browser.get(f"/conversations/{received.conversation.pk}"))

    back = browser.post(f"/messages/{reply.pk}/undo", follow=True)
    delivery.refresh_from_db()
    assert delivery.state == "undone"
    assert words(back).count("Dear Ada, it is on its way.") == 2  # in the timeline, and in the field to go on with
    received.conversation.refresh_from_db()
    assert received.conversation.status == Status.OPEN


def test_what_left_can_not_be_taken_back(house: House) -> None:
    conversation = arrives().conversation
    reply = answers(house.ana, conversation, "Gone.", at=timezone.now() - timedelta(seconds=11))
    browser = browser_of(house.ana)
    assert "/undo" not in words(browser.get(f"/conversations/{conversation.pk}"))
    assert "too late" in words(browser.post(f"/messages/{reply.pk}/undo", follow=True))
    assert Delivery.objects.get(message=reply).state == "due"


def test_only_the_author_takes_a_reply_back(house: House) -> None:
    conversation = arrives().conversation
    reply = answers(house.ana, conversation, "On its way.")
    browser_of(house.ben).post(f"/messages/{reply.pk}/undo")
    assert Delivery.objects.get(message=reply).state == "due"


def test_whoever_is_overtaken_sees_the_answer_keeps_their_draft_and_may_send_it_anyway(house: House) -> None:
    received = arrives()
    said = answers(house.ben, received.conversation, "Ben was faster.")
    browser = browser_of(house.ana)
    stopped = sends(browser, received.conversation, "Ana’s careful words.", received.message)
    assert stopped.status_code == 409
    assert "Ben was faster." in words(stopped)
    assert "Ana’s careful words.</textarea>" in words(stopped)
    assert f'name="seen" value="{said.pk}"' in words(stopped)
    assert Message.objects.filter(author_member=house.ana).count() == 0
    assert sends(browser, received.conversation, "Ana’s careful words.", said).status_code == 302
    assert Message.objects.filter(author_member=house.ana).count() == 1


def test_a_page_that_does_not_say_what_it_showed_stops_too(house: House) -> None:
    conversation = arrives().conversation
    stopped = browser_of(house.ana).post(f"/conversations/{conversation.pk}/replies", {"text": "Hello"})
    assert stopped.status_code == 409


def test_pressing_send_twice_sends_once(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    sends(browser, received.conversation, "Dear Ada", received.message)
    sends(browser, received.conversation, "Dear Ada", received.message)
    assert Message.objects.filter(direction="out").count() == 1


def test_an_empty_reply_is_refused_kindly(house: House) -> None:
    received = arrives()
    refused = sends(browser_of(house.ana), received.conversation, "  ", received.message)
    assert refused.status_code == 422
    assert "Write something first" in words(refused)


def test_files_go_with_a_reply_under_their_own_names(house: House) -> None:
    received = arrives()
    plan = SimpleUploadedFile("Tour “Süd”.pdf", b"%PDF-1.7", content_type="application/pdf")
    sends(browser_of(house.ana), received.conversation, "The plan", received.message, files=[plan])
    file = Message.objects.get(direction="out").attachments.get()
    assert (file.name, file.type, file.size) == ("Tour “Süd”.pdf", "application/pdf", 8)
    download = browser_of(house.ana).get(f"/attachments/{file.token}")
    assert download.content == b"%PDF-1.7"


def test_files_that_are_too_large_cost_nobody_their_words(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "BYTES_AT_MOST", 100_000)
    received = arrives()
    large = SimpleUploadedFile("film.mov", b"x" * 200_000)
    refused = sends(browser_of(house.ana), received.conversation, "See the film", received.message, files=[large])
    assert refused.status_code == 413
    assert "See the film</textarea>" in words(refused)
    assert "Attach fewer or smaller files" in words(refused)
    assert Message.objects.filter(direction="out").count() == 0


def test_a_note_is_for_colleagues_and_never_due(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{conversation.pk}/notes", {"text": "She is my neighbour."})
    note = Message.objects.get(kind=Message.Kind.NOTE)
    assert not Delivery.objects.filter(message=note).exists()
    assert "She is my neighbour." in words(browser.get(f"/conversations/{conversation.pk}"))


def test_handing_over_makes_the_other_responsible_and_tells_the_timeline(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{conversation.pk}/assignment", {"owner": house.ben.pk, "team": "delivery"})
    conversation.refresh_from_db()
    assert (conversation.owner, conversation.team) == (house.ben, house.delivery)
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    assert "Ana Silva handed it over to Ben Okoro" in page
    assert "because Ana Silva handed it over" in page


def test_whoever_hands_it_to_somebody_whose_affair_it_is_now_comes_back_to_the_inbox(house: House) -> None:
    conversation = arrives("your column").conversation
    gone = browser_of(house.carla).post(f"/conversations/{conversation.pk}/assignment", {"owner": house.dora.pk})
    assert gone.headers["Location"] == "/"


@pytest.mark.parametrize("owner", ["", "0", "9999", "x", "²"])
def test_a_conversation_always_has_an_owner(house: House, owner: str) -> None:
    conversation = arrives().conversation
    page = browser_of(house.ana).post(f"/conversations/{conversation.pk}/assignment", {"owner": owner}, follow=True)
    conversation.refresh_from_db()
    assert conversation.owner == house.ana
    assert "somebody always does" in words(page)


def test_closing_and_opening_again(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    browser.post(f"/conversations/{conversation.pk}/closure")
    conversation.refresh_from_db()
    assert conversation.status == Status.CLOSED
    browser.post(f"/conversations/{conversation.pk}/reopening")
    conversation.refresh_from_db()
    assert conversation.status == Status.OPEN
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    assert page.index("Ana Silva closed it") < page.index("Ana Silva opened it again")


def test_who_was_copied_in_takes_part_when_ana_says_so(house: House) -> None:
    conversation = arrives(cc=[Address("Bea Long", "bea@example.org"), Address("", "cid@example.org")]).conversation
    browser = browser_of(house.ana)
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    assert "Bea Long" in page
    bea, cid = Participant.objects.filter(conversation=conversation, approved_at=None).order_by("pk")
    browser.post(f"/participants/{bea.pk}/approval")
    browser.post(f"/participants/{cid.pk}/refusal")
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    assert "Ana Silva let Bea Long take part" in page
    assert "Ana Silva left cid@example.org out" in page
    reply = answers(house.ana, conversation, "To both of you")
    assert {one.address for one in Delivery.objects.filter(message=reply)} == {"ada@example.org", "bea@example.org"}


def test_a_delivery_that_failed_is_shown_with_its_reason_and_tried_again(house: House) -> None:
    conversation = arrives().conversation
    reply = answers(house.ana, conversation, "Hello")
    Delivery.objects.filter(message=reply).update(quarantined_at=timezone.now(), last_error="550 no such user")
    browser = browser_of(house.ana)
    page = words(browser.get(f"/conversations/{conversation.pk}"))
    assert "550 no such user" in page
    delivery = Delivery.objects.get(message=reply)
    browser.post(f"/deliveries/{delivery.pk}/retry")
    delivery.refresh_from_db()
    assert delivery.is_open


def test_what_else_ada_asked_stands_beside_it_unless_it_is_private(house: House) -> None:
    conversation = arrives("route 4").conversation
    arrives("about my boss", to="hr@courier.test", subject="Confidential")
    arrives("your column", subject="The column")
    page = words(browser_of(house.ana).get(f"/conversations/{conversation.pk}"))
    assert "The column" in page
    assert "Confidential" not in page


def test_a_long_conversation_costs_as_many_queries_as_a_short_one(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    received = arrives()
    for number in range(29):
        reply = answers(house.ana if number % 2 else house.ben, received.conversation, f"Answer {number}")
        assert reply.pk
    browser = browser_of(house.ana)
    browser.get(f"/conversations/{received.conversation.pk}")
    with django_assert_num_queries(16):
        browser.get(f"/conversations/{received.conversation.pk}")
