"""A note is its author's for an hour: they change it, remove it, and bring it back. Who was told stays told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from everyhand.conversations import noting
from everyhand.conversations.models import Attachment, Conversation, Message, RemovedNote
from everyhand.core import journal
from tests.web.house import House, arrives, browser_of
from tests.web.test_triage import undoes


@pytest.fixture
def conversation(house: House) -> Conversation:
    return arrives().conversation


def writes(browser: Client, conversation: Conversation, text: str, **more: object) -> Message:
    browser.post(f"/conversations/{conversation.pk}/notes", {"text": text, **more})
    return Message.objects.get(kind=Message.Kind.NOTE)


def page_of(browser: Client, conversation: Conversation) -> str:
    return browser.get(f"/conversations/{conversation.pk}").content.decode()


def finds(browser: Client, words: str) -> bool:
    return "<mark>" in browser.get("/search", {"q": words}).content.decode()


def test_ana_changes_her_note_and_it_is_found_by_its_new_words(house: House, conversation: Conversation) -> None:
    ana, ben = browser_of(house.ana), browser_of(house.ben)
    note = writes(ana, conversation, "@Ben the marmalade van broke")
    assert "Change this note" in page_of(ana, conversation)
    assert "the marmalade van broke</textarea>" in ana.get(f"/messages/{note.pk}/note").content.decode()

    ana.post(f"/messages/{note.pk}/note", {"text": "@Ben @Carla the elderberry van broke"})

    page = page_of(ben, conversation)
    assert "elderberry" in page
    assert "marmalade" not in page
    assert "Ana Silva changed a note" in page
    assert finds(ben, "elderberry")
    assert not finds(ben, "marmalade")
    told = journal.about(conversation).filter(action="member.mentioned").values_list("particulars", flat=True)
    assert [one["members"] for one in told] == [[house.ben.pk], [house.carla.pk]]


def test_a_removed_note_is_gone_with_its_file_and_comes_back(house: House, conversation: Conversation) -> None:
    ana = browser_of(house.ana)
    plan = SimpleUploadedFile("plan.pdf", b"%PDF-1.7")
    note = writes(ana, conversation, "the marmalade van broke", files=[plan])
    file = f"/attachments/{Attachment.objects.get().token}"

    removed = ana.post(f"/messages/{note.pk}/note/removal", follow=True).content.decode()

    assert "Ana Silva removed a note" in removed
    assert "Removed by its author." in removed
    assert "marmalade" not in removed
    assert "plan.pdf" not in removed
    assert ana.get(file).status_code == 404
    assert not finds(ana, "marmalade")
    assert ana.post(f"/messages/{note.pk}/note/removal", follow=True).status_code == 200  # twice changes nothing

    undoes(ana, removed)

    page = page_of(ana, conversation)
    assert "marmalade" in page
    assert "plan.pdf" in page
    assert "Ana Silva brought the note back" in page
    assert ana.get(file).status_code == 200
    assert finds(ana, "marmalade")
    assert not RemovedNote.objects.exists()


def test_nobody_else_changes_a_note_and_after_an_hour_nobody_does(house: House, conversation: Conversation) -> None:
    ana, ines = browser_of(house.ana), browser_of(house.ines)
    note = writes(ana, conversation, "the marmalade van broke")
    assert "Change this note" not in page_of(ines, conversation)
    for address in (f"/messages/{note.pk}/note", f"/messages/{note.pk}/note/removal"):
        assert ines.post(address, {"text": "no"}).status_code == 404
    Message.objects.filter(pk=note.pk).update(at=note.at - timedelta(hours=1))
    assert "Change this note" not in page_of(ana, conversation)
    for address in (f"/messages/{note.pk}/note", f"/messages/{note.pk}/note/removal"):
        page = ana.post(address, {"text": "no"}, follow=True).content.decode()
        assert "A note can be changed for an hour" in page
    assert Message.objects.get(pk=note.pk).text == "the marmalade van broke"


def test_a_note_without_a_word_is_not_kept(house: House, conversation: Conversation) -> None:
    ana = browser_of(house.ana)
    note = writes(ana, conversation, "the van broke")
    answer = ana.post(f"/messages/{note.pk}/note", {"text": "  "})
    assert answer.status_code == 422
    assert "Write what colleagues should know." in answer.content.decode()


def test_when_nobody_can_bring_a_note_back_its_words_are_nowhere(house: House, conversation: Conversation) -> None:
    ana = browser_of(house.ana)
    note = writes(ana, conversation, "the marmalade van broke")
    ana.post(f"/messages/{note.pk}/note/removal")
    assert noting.forget_words(at=timezone.now()) == 0

    assert noting.forget_words(at=timezone.now() + timedelta(hours=1, minutes=1)) == 1

    assert RemovedNote.objects.get().text == ""
