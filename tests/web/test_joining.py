"""Two conversations are one, or two after all; one is about two things."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from everyhand.channels import erasing
from everyhand.channels.email import tokens
from everyhand.conversations import finding, taking_part
from everyhand.conversations.models import Conversation, Delivery, Follower, Joining, Message, Participant, Status
from everyhand.core import work
from everyhand.customers import forgetting
from everyhand.customers.models import Erasure
from everyhand.desk import join as desk
from everyhand.desk import turns
from everyhand.desk.inbound import Address
from everyhand.promises.models import Promise
from tests.web.house import House, answers, arrives, browser_of
from tests.web.test_customers import index_what_is_renamed

BEA = Address("Bea Young", "bea@readers.example")


def words(response: Any) -> str:
    return str(response.content.decode())


def merges(house: House, kept: Conversation, merged: Conversation) -> str:
    """Ana merges one into the other; the page that comes back."""
    path = f"/conversations/{kept.pk}/joining"
    return words(browser_of(house.ana).post(path, {"other": merged.pk}, follow=True))


def undoes(house: House) -> str:
    path = f"/joinings/{Joining.objects.latest('pk').pk}/undo"
    return words(browser_of(house.ana).post(path, follow=True))


def state(*conversations: Conversation) -> list[object]:
    """Everything that joining may touch."""
    told: list[object] = []
    for one in conversations:
        now = Conversation.objects.filter(pk=one.pk).values().get()
        told += [
            now,
            list(Message.objects.filter(conversation=one).values_list("pk", flat=True)),
            list(Participant.objects.filter(conversation=one).values()),
            list(Follower.objects.filter(conversation=one).values()),
            list(Promise.objects.filter(conversation=one).order_by("pk").values()),
        ]
    return told


def test_both_are_read_as_one_under_the_number_that_is_kept_and_nothing_is_sent(house: House) -> None:
    kept = arrives("No paper on route 4.", subject="Paper").conversation
    merged = arrives("Still none. The gate was open.", subject="Again").conversation
    page = merges(house, kept, merged)
    assert page.index("No paper on route 4.") < page.index("Still none. The gate was open.")
    assert f"Ana Silva merged conversation {merged.pk} into this one" in page
    assert not Delivery.objects.exists()
    browser = browser_of(house.ana)
    assert browser.get(f"/conversations/{merged.pk}").headers["Location"] == f"/conversations/{kept.pk}"
    for where in ("/inbox/mine", "/inbox/mine?status=closed", f"/customers/{kept.customer_id}"):
        assert f"/conversations/{merged.pk}" not in words(browser.get(where))
    found = finding.find(house.ana, "gate").hits
    assert [(hit.conversation.pk, hit.message) for hit in found] == [(kept.pk, Message.objects.latest("pk").pk)]


def test_undoing_restores_both_exactly(house: House) -> None:
    kept = arrives("No paper on route 4.", at=timezone.now() - timedelta(minutes=5)).conversation
    merged = arrives("Still none.", cc=[BEA]).conversation
    turns.sleep(merged, until=timezone.now() + timedelta(days=1), by=house.ana, at=timezone.now())
    before = state(kept, merged)
    merges(house, kept, merged)
    assert state(kept, merged) != before
    page = undoes(house)
    assert "They are two conversations again" in page
    assert f"took conversation {merged.pk} out again" in page
    assert state(kept, merged) == before
    assert [hit.conversation.pk for hit in finding.find(house.ana, "still")] == [merged.pk]
    undoes(house)  # once more changes nothing
    assert state(kept, merged) == before


@pytest.mark.parametrize("earlier", ["kept", "merged"])
def test_the_earlier_promise_counts_and_both_stand_again_after_the_undo(house: House, earlier: str) -> None:
    now = timezone.now()
    first = arrives(at=now - timedelta(minutes=30)).conversation
    second = arrives(at=now).conversation
    kept, merged = (first, second) if earlier == "kept" else (second, first)
    before = state(kept, merged)
    due = Promise.objects.get(conversation=first).due_at
    merges(house, kept, merged)
    assert Promise.objects.get(withdrawn_at=None).conversation == kept
    kept.refresh_from_db()
    assert kept.reply_due == due
    undoes(house)
    assert state(kept, merged) == before


def test_an_answer_to_the_merged_one_lands_in_the_kept_one(house: House) -> None:
    first, second, third = (arrives().conversation for _ in range(3))
    addresses = [tokens.reply_address(one) for one in (first, second, third)]
    merges(house, second, third)
    merges(house, first, second)
    for address in addresses:
        assert tokens.proven_conversation([address], []) == first.pk
    for one in (first, second, third):
        assert arrives("And now?", proof=one.pk).conversation == first
    assert not Conversation.objects.exclude(pk=first.pk).filter(status=Status.OPEN).exists()


def test_somebody_else_who_took_part_is_proposed_and_hears_nothing_until_let_in(house: House) -> None:
    kept, merged = arrives().conversation, arrives("Mine too.", sender=BEA).conversation
    page = merges(house, kept, merged)
    assert "Let take part" in page
    assert [address for address, _ in taking_part.addressees(kept).everybody] == ["ada@example.org"]
    answers(house.ana, kept, "For Ada alone.")
    assert Delivery.objects.get().address == "ada@example.org"
    # Until then her answers stand beside it.
    own = arrives("Hello?", sender=BEA, proof=merged.pk).conversation
    assert own not in (kept, merged)
    assert own.linked_to == kept


def test_whoever_owned_the_merged_one_goes_on_seeing_it(house: House) -> None:
    column = arrives("your column", subject="Column").conversation
    assert column.owner == house.carla
    kept = arrives().conversation
    merges(house, kept, column)
    assert browser_of(house.carla).get(f"/conversations/{column.pk}", follow=True).status_code == 200


def test_what_was_said_since_stays_in_the_kept_one(house: House) -> None:
    kept, merged = arrives().conversation, arrives().conversation
    merges(house, kept, merged)
    answers(house.ana, kept, "For both.")
    undoes(house)
    assert Message.objects.filter(conversation=kept, direction="out").count() == 1
    merged.refresh_from_db()
    assert (merged.status, merged.merged_into) == (Status.OPEN, None)
    kept.refresh_from_db()
    assert kept.status == Status.WAITING


def test_what_somebody_was_writing_goes_along_and_comes_back(house: House) -> None:
    kept, merged = arrives("No paper on route 4.").conversation, arrives("Still none.").conversation
    browser_of(house.ana).post(f"/conversations/{merged.pk}/drafts", {"text": "Dear Ada, ", "kind": "message"})
    assert "Dear Ada, </textarea>" in merges(house, kept, merged)
    undoes(house)
    assert "Dear Ada, </textarea>" in words(browser_of(house.ana).get(f"/conversations/{merged.pk}"))
    assert "Dear Ada, </textarea>" not in words(browser_of(house.ana).get(f"/conversations/{kept.pk}"))


def test_what_is_typed_on_a_page_that_was_merged_away_goes_on_where_it_stands_now(house: House) -> None:
    kept = arrives("No paper on route 4.", subject="Paper").conversation
    merged = arrives("Still none.", subject="Again").conversation
    browser = browser_of(house.ana)
    merges(house, kept, merged)
    gone = f"/conversations/{merged.pk}"
    for kind, verb in (("message", "replies"), ("note", "notes")):
        text = f"Dear Ada, a {kind}"
        draft = browser.post(f"{gone}/drafts", {"text": text, "kind": kind}).json()["draft"]
        stopped = browser.post(f"{gone}/{verb}", {"text": f"{text} it is", "draft": draft, "version": 1, "seen": 0})
        assert stopped.status_code == 409
        assert "Meanwhile it was merged into this conversation." in words(stopped)
        assert f"{text} it is</textarea>" in words(stopped)
        assert f'action="/conversations/{kept.pk}/{verb}"' in words(stopped)
    asked = browser.post(f"{gone}/asides", {"subject": "Which truck?", "text": "Who drove?"})
    assert f'action="/conversations/{kept.pk}/asides"' in words(asked)
    assert "Who drove?</textarea>" in words(asked)
    assert browser.post(f"{gone}/writing").status_code == 204
    closed = browser.post(f"{gone}/closure", follow=True)
    assert "Nothing else was done." in words(closed)
    assert not Delivery.objects.exists()
    kept.refresh_from_db()
    assert kept.status == Status.OPEN


def test_an_open_page_is_told_where_its_conversation_went_and_shows_no_other(house: House) -> None:
    kept = arrives("No paper on route 4.", subject="Paper").conversation
    merged = arrives("Still none.", subject="Again").conversation
    merges(house, kept, merged)
    fetches = {"HX-Request": "true", "HX-Target": "timeline"}
    told = browser_of(house.ana).get(f"/conversations/{merged.pk}?from=1", headers=fetches)
    assert (told.headers["HX-Retarget"], told.headers["HX-Reselect"]) == ("#moved", "#moved")
    assert "Ana Silva merged this into “Paper”." in words(told)
    assert f'href="/conversations/{kept.pk}#composer"' in words(told)
    assert "No paper on route 4." not in words(told)
    assert browser_of(house.dora).get(f"/conversations/{merged.pk}", headers=fetches).status_code == 404
    undoes(house)
    again = browser_of(house.ana).get(f"/conversations/{merged.pk}?from=1", headers=fetches)
    assert "Still none." in words(again)
    assert "merged this into" not in words(again)


def test_only_what_both_may_see_is_merged(house: House) -> None:
    kept, secret = arrives().conversation, arrives("my boss", to="hr@courier.test").conversation
    browser = browser_of(house.ana)
    assert browser.post(f"/conversations/{kept.pk}/joining", {"other": secret.pk}).status_code == 404
    with pytest.raises(desk.NotYours):
        desk.join(kept, secret, by=house.ana, at=timezone.now())
    assert browser.post(f"/conversations/{kept.pk}/joining", {"other": "none"}).status_code == 404
    assert "one conversation already" in words(
        browser.post(f"/conversations/{kept.pk}/joining", {"other": kept.pk}, follow=True)
    )


def test_the_later_merge_is_undone_first(house: House) -> None:
    first, second, third = (arrives().conversation for _ in range(3))
    merges(house, second, third)
    early = Joining.objects.get()
    merges(house, first, second)
    page = words(browser_of(house.ana).post(f"/joinings/{early.pk}/undo", follow=True))
    assert "Undo that first" in page
    undoes(house)
    browser_of(house.ana).post(f"/joinings/{early.pk}/undo")
    assert [Message.objects.filter(conversation=one).count() for one in (first, second, third)] == [1, 1, 1]


def test_the_one_to_merge_is_among_the_customers_others_or_found_by_number_or_words(house: House) -> None:
    kept = arrives(subject="Kept").conversation
    arrives(subject="Of Ada")
    beas = arrives("About the gazebo", subject="Of Bea", sender=BEA).conversation
    browser, path = browser_of(house.ana), f"/conversations/{kept.pk}/joining"
    assert "Of Ada" in words(browser.get(path))
    assert "Of Bea" not in words(browser.get(path))
    for asked in (f"#{beas.pk}", "gazebo"):
        assert "Of Bea" in words(browser.get(path, {"q": asked}))
    assert "Nothing found" in words(browser.get(path, {"q": "xylophone"}))


def test_a_message_and_what_followed_become_a_conversation_of_their_own(house: House) -> None:
    first = arrives("No paper on route 4.", at=timezone.now() - timedelta(minutes=9))
    kept = first.conversation
    answers(house.ana, kept, "It comes tomorrow.", at=timezone.now() - timedelta(minutes=8))
    second = arrives("Thanks. And my invoice?", proof=kept.pk)
    due = Promise.objects.get(kept_at=None).due_at
    before = state(kept)
    page = browser_of(house.ana).post(f"/messages/{second.message.pk}/split", follow=True)
    made = Conversation.objects.latest("pk")
    assert "And my invoice?" in words(page)
    assert "No paper on route 4." not in words(page)
    assert "This one was part of it." in words(page)
    kept.refresh_from_db()
    assert (made.owner, made.customer, made.linked_to) == (house.ana, kept.customer, kept)
    assert (made.status, made.reply_due, kept.status, kept.reply_due) == (Status.OPEN, due, Status.WAITING, None)
    assert arrives("Well?", proof=tokens.proven_conversation([tokens.reply_address(made)], [])).conversation == made

    Message.objects.latest("pk").delete()
    merges(house, kept, made)
    assert state(kept)[1:3] == before[1:3]
    kept.refresh_from_db()
    assert (kept.status, kept.reply_due) == (Status.OPEN, due)


def test_two_questions_in_a_row_are_both_still_promised(house: House) -> None:
    kept = arrives().conversation
    second = arrives("And my invoice?", proof=kept.pk)
    made = desk.split(second.message, by=house.ana, at=timezone.now())
    promises = Promise.objects.filter(kept_at=None, withdrawn_at=None)
    assert {(one.conversation, one.due_at) for one in promises} == {
        (kept, promises[0].due_at),
        (made, promises[0].due_at),
    }


def test_nothing_is_split_off_at_the_first_message(house: House) -> None:
    received = arrives()
    said = browser_of(house.ana).post(f"/messages/{received.message.pk}/split", follow=True)
    assert "nothing would stay behind" in words(said)
    assert Conversation.objects.count() == 1


def test_erasing_a_customer_parts_their_words_from_others_before(house: House, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("everyhand.customers.tombstones._path", lambda: tmp_path / "erased")
    kept, beas, adas = arrives().conversation, arrives("Mine.", sender=BEA).conversation, arrives().conversation
    merges(house, beas, adas)
    merges(house, kept, beas)
    at = timezone.now()
    forgetting.ask_to_erase(kept.customer, by=house.ines, at=at)
    at += timedelta(hours=2)
    for row in work.claim(Erasure, at=at, limit=1):
        erasing.erase(row, at=at)
    assert list(Conversation.objects.all()) == [beas]
    assert [message.text for message in Message.objects.all()] == ["Mine."]


def test_what_moved_is_found_by_the_subject_of_where_it_stands(house: House) -> None:
    kept = arrives("No paper on route 4.", subject="The gate").conversation
    merged = arrives("Once more.", subject="The hedge").conversation
    merges(house, kept, merged)
    index_what_is_renamed()
    assert [hit.conversation.pk for hit in finding.find(house.ana, "gate once")] == [kept.pk]
    undoes(house)
    index_what_is_renamed()
    assert [hit.conversation.pk for hit in finding.find(house.ana, "hedge once")] == [merged.pk]
