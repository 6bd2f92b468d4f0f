"""Finding conversations: by whatever was said, and only what one may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from everyhand.conversations import actions as conversations
from everyhand.conversations import finding
from everyhand.conversations.models import Conversation, Message
from everyhand.core.search import Document
from everyhand.desk.hand_over import hand_over
from everyhand.desk.inbound import Address, File, Inbound
from everyhand.desk.receive import receive
from everyhand.desk.reply import reply, write_note
from everyhand.people.models import Member, Membership, Role, Team
from everyhand.routing import actions as routing

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def ana() -> Member:
    """Sees every queue, and answers for what nobody else does."""
    ana = Member.objects.create_member("ana@company.test", "Ana Silva", role=Role.SPECIALIST)
    routing.set_fallback(ana, by=None, at=NOW)
    return ana


@pytest.fixture
def ben(ana: Member) -> Member:
    """Sees what is his or his team's."""
    return Member.objects.create_member("ben@company.test", "Ben")


def hear(text: str, *, subject: str = "Kettle", files: tuple[File, ...] = (), name: str = "Ines Ø") -> Conversation:
    sender = Address(name, "ines@customer.test")
    inbound = Inbound(source="", sender=sender, subject=subject, text=text, reply=text, files=files)
    return receive(inbound, channel="email", at=NOW).conversation


def found(member: Member | None, words: str) -> list[Conversation]:
    numbers = [hit.conversation.pk for hit in finding.find(member, words)]
    conversations = Conversation.objects.in_bulk(numbers)
    return [conversations[number] for number in numbers]


def test_a_conversation_is_found_by_all_that_belongs_to_it(ana: Member) -> None:
    invoice = File("Rechnung März.pdf", "application/pdf", b"%PDF")
    conversation = hear("It stays cold.", files=(invoice,))
    hear("Something else", subject="Toaster", name="Otto")
    for words in ("cold", "kettle", "rechnung marz", "cold ines@customer.test", "cold ines o"):
        assert found(ana, words) == [conversation], words
    assert len(found(ana, "ines@customer.test")) == 2


def test_replies_and_notes_are_found_too(ana: Member) -> None:
    conversation = hear("It stays cold.")
    reply(conversation, author=ana, text="Is it plugged in?", at=NOW, message_id_for=lambda pk: f"{pk}@company.test")
    write_note(conversation, author=ana, text="Third one this week: a bad batch.", at=NOW)
    assert found(ana, "plugged") == found(ana, "batch") == found(ana, "silva") == [conversation]


def test_each_conversation_comes_once_with_its_newest_fitting_message(ana: Member) -> None:
    first, second = hear("cold"), hear("cold")
    note = write_note(first, author=ana, text="Still <cold> & dark", at=NOW)
    write_note(first, author=ana, text="Nothing to see", at=NOW)
    hits = finding.find(ana, "cold").hits
    assert [hit.conversation.pk for hit in hits] == [first.pk, second.pk]
    assert hits[0].message == note.pk
    assert hits[0].excerpt == "Still &lt;<mark>cold</mark>&gt; &amp; dark"


def test_what_was_found_by_its_subject_shows_its_beginning(ana: Member) -> None:
    hear("It stays dark.", subject="Lamp")
    assert finding.find(ana, "lamp").hits[0].excerpt == "It stays dark."


def test_nobody_finds_what_they_may_not_see(ana: Member, ben: Member) -> None:
    conversation = hear("cold")
    legal = Team.objects.create(slug="legal", name="Legal", private=True)
    assert found(ben, "cold") == []
    hand_over(conversation, owner=ben, team=None, by=ana, at=NOW)
    assert found(ben, "cold") == [conversation]
    carl = Member.objects.create_member("carl@company.test", "Carl")
    Membership.objects.create(team=legal, member=carl)
    hand_over(conversation, owner=carl, team=legal, by=ana, at=NOW)
    assert found(ana, "cold") == found(ben, "cold") == []
    assert found(carl, "cold") == [conversation]
    assert found(None, "cold") == [conversation]


def test_page_after_page_shows_everything_once(ana: Member, ben: Member) -> None:
    every = [hear(f"cold number {number}") for number in range(9)]
    for at, conversation in enumerate(every):
        for _ in range(at % 3):
            write_note(conversation, author=ana, text="still cold", at=NOW + timedelta(minutes=at))
    hand_over(every[4], owner=ben, team=Team.objects.create(slug="x", name="X", private=True), by=ana, at=NOW)
    seen: list[int] = []
    after = ""
    while True:
        page = finding.find(ana, "cold", limit=2, after=after)
        seen += [hit.conversation.pk for hit in page.hits]
        after = page.next
        if not after:
            break
        assert len(page.hits) == 2
    assert sorted(seen) == sorted(one.pk for one in every if one != every[4])


def test_a_strange_place_to_go_on_from_does_no_harm(ana: Member) -> None:
    conversation = hear("cold")
    for after in ("²", "-1", "x", "9" * 50, "\0"):
        assert [hit.conversation.pk for hit in finding.find(ana, "cold", after=after)] == [conversation.pk]


def test_an_erased_conversation_leaves_no_word_behind(ana: Member) -> None:
    conversation, other = hear("cold"), hear("cold too")
    conversations.erase(conversation)
    assert found(ana, "cold") == [other]
    assert list(Document.objects.values_list("group", flat=True)) == [other.pk]


def test_messages_of_an_older_version_are_indexed_later(ana: Member) -> None:
    conversation = hear("cold")
    older = Message.objects.create(conversation=conversation, direction="in", author_name="Zoe", text="warm", at=NOW)
    assert found(ana, "zoe warm") == []
    assert list(finding.not_indexed()) == [older]
    for message in finding.not_indexed():
        finding.index(message)
    assert found(ana, "zoe warm") == [conversation]
    assert list(finding.not_indexed()) == []


def test_a_new_name_is_found_in_what_was_said_before(ana: Member) -> None:
    conversation = hear("cold")
    conversation.customer.name = "Ines Winter"
    conversation.customer.save()
    finding.index_again(conversation)
    assert found(ana, "winter cold") == [conversation]
