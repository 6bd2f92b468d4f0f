"""Whoever is about to send a customer what was meant for colleagues is asked once, and loses nothing."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from everyhand.conversations import note_like
from everyhand.conversations.models import Draft, Message
from tests.web.house import House, answers, arrives, browser_of

COLLEAGUES = ("Ben Okoro", "Carla Weiss", "Ada Lovelace")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FYI, she called twice.", ["FYI"]),
        ("Please don’t tell the customer yet.", ["don’t tell the customer"]),
        ("Internal: she is a neighbour of the chair.", ["Internal:"]),
        ("Zur Info: der Kunde ruft zurück.", ["Zur Info", "der Kunde"]),
        ("Kann jemand\nda anrufen?", ["Kann jemand"]),
        ("@Ben can you look?", ["@Ben"]),
        ("See this, @[Carla Weiss]", ["@Carla Weiss"]),
        ("Hi Ben, can you call her?", ["Hi Ben"]),
        ("Carla – yours?", ["Carla"]),
        ("Lieber Ben,\nschau mal.", ["Lieber Ben"]),
    ],
)
def test_what_colleagues_say_among_themselves_is_noticed(text: str, found: list[str]) -> None:
    assert note_like.signs(text, colleagues=COLLEAGUES, customer="Ada Brown") == found


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ada, your paper is on its way.",
        "Hello Ada, I asked my colleague Ben to look at it. Ben, who knows your street, will call.",
        "Write to ben@courier.test or to info@carla.example.",
        "Our international edition, internal links and the customers of the shop are not affected.",
        "Wir haben das intern geklärt; unsere Kunden im Ort erhalten die Zeitung wieder.",
        "Benedict, thank you for the kind words.",
    ],
)
def test_what_one_says_to_a_customer_goes_unasked(text: str) -> None:
    assert note_like.signs(text, colleagues=COLLEAGUES, customer="Ada Brown") == []


def test_ana_is_asked_once_and_makes_it_a_note_with_its_file(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    plan = SimpleUploadedFile("plan.pdf", b"%PDF-1.7")
    typed = {"text": "FYI: the customer moved.", "seen": received.message.pk, "files": [plan]}
    asked = browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "Is this for Ada Brown, or for colleagues?" in page
    assert "It says <q>FYI</q>, <q>the customer</q>, as one writes" in page
    assert "FYI: the customer moved.</textarea>" in page
    assert "plan.pdf" in page
    assert not Message.objects.filter(author_member=house.ana).exists()

    (leading,) = re.findall(r'<(?:a|button)[^>]*class="button button--lead"[^>]*>', page.split('id="second-look"')[1])
    assert 'href="#reply-text"' in leading  # to go on writing; to send it all the same is beside it

    draft = Draft.objects.get()
    again = {"text": "FYI: the customer moved.", "draft": draft.token, "version": draft.version}
    browser.post(f"/conversations/{received.conversation.pk}/notes", again)
    note = Message.objects.get(author_member=house.ana)
    assert note.kind == Message.Kind.NOTE
    assert note.attachments.get().name == "plan.pdf"
    assert not Draft.objects.exists()


def test_who_says_it_is_meant_so_is_not_asked_again_even_when_somebody_was_faster(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    typed = {"text": "FYI, it is on its way.", "seen": received.message.pk, "sure": "yes"}
    said = answers(house.ben, received.conversation, "Ben was faster.")
    stopped = browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    assert stopped.status_code == 409
    assert '<input type="hidden" name="sure" value="yes">' in stopped.content.decode()
    typed["seen"] = said.pk
    assert browser.post(f"/conversations/{received.conversation.pk}/replies", typed).status_code == 302
