"""Canned replies: kept by whom they are for, found in the reply box, filled in with what is known and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from everyhand.channels.email.outbound.compose import compose
from everyhand.conversations import canned_replies, placeholders
from everyhand.conversations.models import CannedFile, CannedReply, Conversation, Draft, Message
from everyhand.core.blobs import Blob
from everyhand.customers.models import Organization
from everyhand.people.models import Member
from tests.channels.email.test_letter import parsed
from tests.web.house import House, arrives, browser_of
from tests.web.test_drafts import PNG, file
from tests.web.test_triage import undoes

# Row 61 of docs/reliability.md: what a template language would run is text here.
CODE = "{{7*7}} {0.__class__} {% load static %} ${7*7} #{7*7} <%= 7*7 %> {{first name}} {my.name} {password} {0}"


def kept(by: Member, text: str, *, name: str = "", **whose: Any) -> CannedReply:
    one = CannedReply(maker=by, name=name, text=text, **whose)
    canned_replies.keep(one, by=by, at=timezone.now())
    return one


def puts_in(browser: Client, conversation: Conversation, one: CannedReply, text: str = "") -> dict[str, Any]:
    """As the field does it, with scripts."""
    answer = browser.post(
        f"/conversations/{conversation.pk}/canned-replies",
        {"canned": one.pk, "text": text, "kind": "message"},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 200
    return dict(answer.json())


def offered(browser: Client, conversation: Conversation, words: str = "") -> list[str]:
    answer = browser.get(
        f"/conversations/{conversation.pk}/canned-replies", {"q": words}, headers={"accept": "application/json"}
    )
    return [one["name"] for one in answer.json()["found"]]


def test_places_are_filled_with_what_is_known_of_the_customer(house: House) -> None:
    conversation = arrives().conversation
    conversation.customer.organization = Organization.objects.create(name="The <Mill>")
    conversation.customer.save()
    one = kept(house.ana, "Dear {first name} of {company}, about {number}. {my name}")
    filled = puts_in(browser_of(house.ana), conversation, one)
    assert filled["text"] == f"Dear Ada of The <Mill>, about {conversation.pk}. Ana Silva"
    assert "The &lt;Mill&gt;" in filled["html"]
    assert filled["missing"] == []


def test_nothing_in_a_canned_reply_is_ever_run(house: House) -> None:
    conversation = arrives(subject="{my name} {{7*7}}").conversation
    assert puts_in(browser_of(house.ana), conversation, kept(house.ana, CODE))["text"] == CODE
    # What a customer wrote is no place either, when it comes in by one.
    filled = puts_in(browser_of(house.ana), conversation, kept(house.ana, "About: {subject}"))
    assert filled["text"] == "About: {my name} {{7*7}}"


def test_what_is_not_known_stays_in_sight_and_is_asked_for_once_before_it_goes(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    filled = puts_in(browser, received.conversation, kept(house.ana, "How are things at {company}?"))
    assert filled["missing"] == ["{company}"]
    assert "{company} is not known here" in filled["said"]

    typed = {"text": filled["text"], "seen": received.message.pk}
    asked = browser.post(f"/conversations/{received.conversation.pk}/replies", typed)
    assert asked.status_code == 422
    assert "{company} still stands in your reply" in asked.content.decode()
    assert "How are things at {company}?</textarea>" in asked.content.decode()
    assert not Message.objects.filter(direction="out").exists()

    sent = browser.post(f"/conversations/{received.conversation.pk}/replies", {**typed, "sure": "yes"})
    assert sent.status_code == 302
    assert Message.objects.get(direction="out").text == "How are things at {company}?"


def test_without_scripts_it_is_chosen_on_a_page_and_stands_below_what_was_typed(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    one = kept(house.ana, "Best, {my first name}", name="Ending")
    path = f"/conversations/{conversation.pk}/canned-replies"
    page = browser.post(path, {"text": "It is on its way."}, follow=True).content.decode()
    token = Draft.objects.get().token
    assert f'name="draft" value="{token}"' in page
    assert "Ending" in page

    back = browser.post(path, {"canned": one.pk, "draft": token}, follow=True).content.decode()
    assert "It is on its way.\n\nBest, Ana</textarea>" in back
    assert Draft.objects.count() == 1


def test_files_and_forms_of_a_canned_reply_go_with_it(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    form = {
        "name": "The map",
        "html": "<div>Here is <strong>the map</strong>.</div><script>alert(1)</script>",
        "files": [SimpleUploadedFile("map.pdf", b"%PDF-1.7")],
    }
    assert browser.post("/canned-replies/new", form).status_code == 302
    one = CannedReply.objects.get()
    assert one.text == "Here is the map."

    filled = puts_in(browser, conversation, one)
    assert filled["html"] == "<div>Here is <strong>the map</strong>.</div>"
    assert "map.pdf" in filled["files"]
    puts_in(browser, conversation, one, text="Twice")
    assert Draft.objects.get(token=filled["draft"]).files.get().name == "map.pdf"

    left_out = {"name": "The map", "text": "No map.", "leave_out": one.files.get().token}
    browser.post(f"/canned-replies/{one.pk}", left_out)
    assert not one.files.exists()


def test_what_is_used_often_or_begins_so_is_offered_first(house: House) -> None:
    conversation = arrives().conversation
    browser = browser_of(house.ana)
    kept(house.ana, "Sorry about the paper.", name="Apology")
    route = kept(house.ana, "It is on its way.", name="Paper is coming")
    assert offered(browser, conversation) == ["Apology", "Paper is coming"]
    puts_in(browser, conversation, route)
    assert offered(browser, conversation) == ["Paper is coming", "Apology"]
    assert offered(browser, conversation, "PAP") == ["Paper is coming", "Apology"]
    assert offered(browser, conversation, "sorry paper") == ["Apology"]
    assert offered(browser, conversation, "umbrella") == []


def test_everybody_finds_their_own_their_teams_and_everybodys(house: House) -> None:
    kept(house.ana, "Mine", name="Ana's")
    kept(house.ben, "Round", name="Delivery's", team=house.delivery)
    kept(house.dora, "Salary", name="HR's", team=house.hr)
    kept(house.ines, "Hello", name="Everybody's", for_everyone=True)
    seen = {
        who.name: {one.name for one in canned_replies.find(who, "")}
        for who in (house.ana, house.ben, house.carla, house.dora, house.ines)
    }
    assert seen == {
        "Ana Silva": {"Ana's", "Delivery's", "Everybody's"},
        "Ben Okoro": {"Delivery's", "Everybody's"},
        "Carla Weiss": {"Everybody's"},
        "Dora Lind": {"HR's", "Everybody's"},
        "Ines Hart": {"Everybody's"},
    }


def test_only_who_answers_for_others_words_may_write_them(house: House) -> None:
    shared = kept(house.ines, "Hello", name="Everybody's", for_everyone=True)
    team = kept(house.ben, "Round", team=house.delivery)
    carla, ana = browser_of(house.carla), browser_of(house.ana)
    assert carla.get(f"/canned-replies/{shared.pk}").status_code == 403
    assert carla.post(f"/canned-replies/{shared.pk}/removal").status_code == 403
    assert carla.get(f"/canned-replies/{team.pk}").status_code == 404
    refused = carla.post("/canned-replies/new", {"text": "For all", "shared": "everyone"})
    assert refused.status_code == 422
    assert "For all</textarea>" in refused.content.decode()
    assert (
        ana.post(f"/canned-replies/{team.pk}", {"text": "Route", "shared": str(house.delivery.pk)}).status_code == 302
    )
    team.refresh_from_db()
    assert (team.text, team.team, team.maker) == ("Route", house.delivery, house.ben)


def test_an_empty_one_is_not_kept_and_a_nameless_one_is_called_by_its_words(house: House) -> None:
    browser = browser_of(house.carla)
    refused = browser.post("/canned-replies/new", {"name": "Empty"})
    assert refused.status_code == 422
    assert "Write what it should say" in refused.content.decode()
    assert 'value="Empty"' in refused.content.decode()
    browser.post("/canned-replies/new", {"text": "Thank you\nfor the kind words."})
    assert CannedReply.objects.get().name == "Thank you for the kind words."


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ada Brown", "Ada"), ("Brown, Ada", "Ada"), ("Dr. Ada M. Brown", "Ada"), ("Frau Dr. Ada Brown", "Ada"),
        ("Jean-Luc Picard", "Jean-Luc"), ("Zoë", "Zoë"), ("ada@example.org", ""), ("", ""), ("A. Brown", ""),
        ("4711", ""),
    ],
)  # fmt: skip
def test_the_first_name_is_known_or_it_is_not(name: str, first: str) -> None:
    assert placeholders.first_name(name) == first


def test_a_picture_between_the_words_is_kept_and_reaches_the_customer_between_them(house: House) -> None:
    received = arrives()
    conversation, browser = received.conversation, browser_of(house.ana)
    held = browser.post("/canned-replies/pictures", {"files": [file("map.png", PNG), file("plan.pdf")]}).json()
    (address,) = held["pictures"]
    assert "“plan.pdf” is no picture" in held["refused"][0]
    words = f'<div>Dear {{first name}}, <em>here</em>:</div><figure><img src="{address}"></figure>'
    # What is refused keeps the picture, too.
    refused = browser.post("/canned-replies/new", {"html": words, "shared": "999"})
    assert f"src=&#34;{address}&#34; alt=&#34;map.png&#34;" in refused.content.decode()
    assert browser.post("/canned-replies/new", {"name": "The map", "html": words}).status_code == 302
    one = CannedReply.objects.get()
    assert one.text == "Dear {first name}, here:\n[map.png]"
    shown = browser.get(f"/canned-replies/{one.pk}").content.decode()
    assert "/canned-pictures/" in shown
    assert "Leave out map.png" not in shown
    assert 'value="The map"' in shown

    filled = puts_in(browser, conversation, one)
    (seen,) = re.findall(r'src="(/draft-files/[^"]+)"', filled["html"])
    assert browser.get(seen).content == PNG
    assert "map.png" not in filled["files"]
    typed = {
        "html": filled["html"],
        "seen": received.message.pk,
        "draft": filled["draft"],
        "version": filled["version"],
    }
    assert browser.post(f"/conversations/{conversation.pk}/replies", typed).status_code == 302
    message = Message.objects.get(direction="out")
    picture = message.attachments.get(inline=True)
    assert message.text == "Dear Ada, here:\n[map.png]"
    assert f'<img src="cid:{picture.content_id}"' in message.html
    related = [part for part in parsed(compose(message)).walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in related] == [f"<{picture.content_id}>"]


def test_without_scripts_the_pictures_of_a_canned_reply_come_along_as_well(house: House) -> None:
    received = arrives()
    browser = browser_of(house.ana)
    one = shows(browser, "Look", file("map.png", PNG))
    path = f"/conversations/{received.conversation.pk}"
    browser.post(f"{path}/canned-replies", {"canned": one.pk, "draft": ""}, follow=True)
    draft = Draft.objects.get()
    assert f"cid:{draft.files.get().content_id}" in draft.html


def test_a_picture_taken_out_again_is_gone_and_one_that_was_never_saved_goes_after_a_day(house: House) -> None:
    browser, now = browser_of(house.ana), timezone.now()
    one = shows(browser, "Look", file("map.png", PNG))
    CannedFile.objects.update(held_since=now - timedelta(days=2))
    browser.post(f"/canned-replies/{one.pk}", {"name": "Look", "html": "<div>Look</div>"})
    browser.post("/canned-replies/pictures", {"files": [file("b.png", PNG + b"b")]})
    assert [held.name for held in CannedFile.objects.all()] == ["b.png"]
    assert [bytes(blob.content) for blob in Blob.objects.all()] == [PNG + b"b"]


def test_pictures_are_seen_by_whoever_may_use_the_words_and_by_nobody_else(house: House) -> None:
    ana, carla = browser_of(house.ana), browser_of(house.carla)
    one = shows(ana, "Look", file("map.png", PNG), shared="everyone")
    mine = shows(ana, "Mine", file("key.png", PNG + b"k"))
    addresses = [f"/canned-pictures/{two.files.get().token}" for two in (one, mine)]
    assert [carla.get(address).status_code for address in addresses] == [200, 404]
    carla.post("/canned-replies/new", {"html": f'<div>Got it</div><img src="{addresses[1]}">', "name": "Taken"})
    assert not CannedReply.objects.get(name="Taken").files.exists()
    carla.post("/canned-replies/new", {"html": f'<div>Ours</div><img src="{addresses[0]}">', "name": "Copied"})
    assert CannedReply.objects.get(name="Copied").files.get().name == "map.png"


def test_a_canned_reply_that_was_removed_comes_back_with_its_pictures(house: House) -> None:
    ana, carla = browser_of(house.ana), browser_of(house.carla)
    one = shows(ana, "Look", file("map.png", PNG), shared="everyone")
    picture = f"/canned-pictures/{one.files.get().token}"
    page = ana.post(f"/canned-replies/{one.pk}/removal", follow=True).content.decode()
    assert ana.get(f"/canned-replies/{one.pk}").status_code == 404
    assert carla.get(picture).status_code == 404
    undoes(ana, page)
    assert CannedReply.objects.get().text == one.text
    assert carla.get(picture).content == PNG


def test_a_place_that_is_none_is_asked_about_before_it_is_saved(house: House) -> None:
    browser = browser_of(house.ana)
    typed = {"name": "Thanks", "text": "Dear {firstname}, {first name}, about {the weather}: {{7*7}} {0.x} {{name}}"}
    asked = browser.post("/canned-replies/new", typed)
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "{firstname}, {the weather} is not filled in: there is no such place. Did you mean {first name}?" in page
    assert "Dear {firstname}" in page
    assert 'name="as_it_is"' in page
    assert not CannedReply.objects.exists()
    assert browser.post("/canned-replies/new", {**typed, "as_it_is": "yes"}).status_code == 302
    assert CannedReply.objects.get().text == typed["text"]


def shows(browser: Client, words: str, picture: SimpleUploadedFile, **more: str) -> CannedReply:
    """A new canned reply with a picture below its words."""
    (address,) = browser.post("/canned-replies/pictures", {"files": [picture]}).json()["pictures"]
    html = f'<div>{words}</div><img src="{address}">'
    assert browser.post("/canned-replies/new", {"name": words, "html": html, **more}).status_code == 302
    return CannedReply.objects.get(name=words)
