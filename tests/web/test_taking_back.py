"""A reply that was taken back before it was sent was never said: nowhere does it count as if it had been."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from everyhand.conversations import finding
from everyhand.conversations.models import Conversation, Message
from everyhand.conversations.saying import Upload
from everyhand.core import journal
from everyhand.desk.reply import reply, take_back, write_note
from tests.web.house import House, arrives, browser_of

THEIRS = "No paper on route 4 today."
OURS = "Dear Ada, the zeppelin brings it."


def words(response: Any) -> str:
    return str(response.content.decode())


@pytest.fixture
def ada_waits(house: House) -> Conversation:
    return arrives(THEIRS, at=timezone.now() - timedelta(minutes=5)).conversation


@pytest.fixture
def taken_back(house: House, ada_waits: Conversation) -> Message:
    """Ana's reply with a plan, which she took back at once."""
    at = timezone.now()
    message = reply(
        ada_waits,
        author=house.ana,
        text=OURS,
        at=at,
        message_id_for=lambda pk: f"{pk}@courier.test",
        files=[Upload("plan.pdf", "application/pdf", b"%PDF")],
    )
    assert take_back(message, by=house.ana, at=at + timedelta(seconds=3))
    return message


@pytest.mark.parametrize("asked", [{}, {"notes": "yes"}])
def test_no_customer_is_handed_what_was_never_sent_to_them(
    house: House, taken_back: Message, asked: dict[str, str]
) -> None:
    write_note(taken_back.conversation, author=house.ana, text="She is my neighbour.", at=timezone.now())
    response = browser_of(house.ines).post(f"/customers/{taken_back.conversation.customer_id}/export", asked)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))
    told = json.loads(archive.read("customer.json"))
    notes = ["She is my neighbour."] if asked else []
    assert [one["text"] for one in told["conversations"][0]["messages"]] == [THEIRS, *notes]
    assert [name for name in archive.namelist() if name.startswith("files/")] == []


def test_it_is_not_among_what_we_said_to_each_other(house: House, taken_back: Message) -> None:
    page = words(browser_of(house.ana).get(f"/customers/{taken_back.conversation.customer_id}"))
    assert THEIRS in page
    assert "zeppelin" not in page


def test_in_the_inbox_stand_the_newest_words_that_were_said_and_when(house: House, taken_back: Message) -> None:
    conversation = Conversation.objects.get()
    heard = Message.objects.get(direction=Message.Direction.IN)
    assert (conversation.snippet, conversation.last_message_at) == (THEIRS, heard.at)
    assert "zeppelin" not in words(browser_of(house.ana).get("/inbox/mine"))


def test_its_file_is_no_attachment_of_the_conversation(house: House, taken_back: Message) -> None:
    browser = browser_of(house.ana)
    assert "No paper" not in words(browser.get("/search", {"q": "has:attachment"}))
    assert "No paper" not in words(browser.get("/search", {"q": "route has:attachment"}))


def test_nobody_finds_it_even_after_the_customer_has_another_name(house: House, taken_back: Message) -> None:
    assert finding.find(house.ana, "zeppelin").hits == []
    finding.index_again(taken_back.conversation)
    assert finding.find(house.ana, "zeppelin").hits == []
    assert list(finding.not_indexed()) == []
    assert len(finding.find(house.ana, "route").hits) == 1


def test_the_timeline_tells_it_apart_and_keeps_its_words(house: House, taken_back: Message) -> None:
    page = words(browser_of(house.ana).get(f"/conversations/{taken_back.conversation_id}"))
    _before, line = page.split('<li class="message message--taken-back"')
    line = line.partition("</li>")[0]
    assert "Taken back before it was sent" in line
    assert OURS in line
    assert "message--out" not in page


def test_no_promise_was_kept_that_runs_again(house: House, taken_back: Message) -> None:
    path = f"/conversations/{taken_back.conversation_id}"
    assert "kept the promise" not in words(browser_of(house.ana).get(path))
    assert journal.about(taken_back.conversation).filter(action="promise.kept").count() == 1  # facts are never changed


def test_a_promise_that_is_kept_after_all_is_said_once(house: House, taken_back: Message) -> None:
    reply(
        taken_back.conversation,
        author=house.ana,
        text="Dear Ada, Ben brings it.",
        at=timezone.now(),
        message_id_for=lambda pk: f"{pk}@courier.test",
    )
    page = words(browser_of(house.ana).get(f"/conversations/{taken_back.conversation_id}"))
    assert page.count("kept the promise") == 1


def test_what_the_customer_wrote_is_not_folded_away_above_it(house: House, taken_back: Message) -> None:
    for text in ("Hello?", "Is anybody there?"):
        arrives(text, proof=taken_back.conversation_id)
    page = words(browser_of(house.ana).get(f"/conversations/{taken_back.conversation_id}"))
    assert 'id="earlier"' not in page
