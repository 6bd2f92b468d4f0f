"""Two people, or one impatient one, do something about one conversation at the same moment: one of them is first, and
nothing is half done.

Their forms reach a running web process, and each has been looked at before any of them may write (see `at_once`).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from everyhand.conversations.models import Conversation, Delivery, Draft, Joining, Message, Participant, Status
from everyhand.core import journal
from everyhand.desk import join as joining
from everyhand.desk.reply import reply
from everyhand.desk.turns import sleep
from everyhand.promises.models import Promise
from tests.web.live.at_once import at_once, form
from tests.web.live.desks import ALWAYS, Desks, founded, now

__all__ = ["founded"]  # the fixture


def seen(conversation: Conversation) -> int:
    """What the pages of both show as the newest."""
    return Message.objects.filter(conversation=conversation).latest("pk").pk


def said(conversation: Conversation) -> list[str]:
    return [one.text for one in Message.objects.filter(conversation=conversation, direction="out").order_by("pk")]


def facts(conversation: Conversation, action: str) -> int:
    return journal.about(conversation).filter(action=action).count()


def path(conversation: Conversation, verb: str) -> str:
    return f"/conversations/{conversation.pk}/{verb}"


def answered(company: Desks) -> tuple[Conversation, Message]:
    """Ana answers; she may still take it back."""
    conversation = company.hear()
    message = reply(
        conversation, author=company.ana, text="It is hot.", at=now() + timedelta(minutes=1),
        message_id_for=lambda pk: f"{pk}@company.test",
    )  # fmt: skip
    return conversation, message


def test_two_replies_one_is_sent_and_the_other_is_shown_it_with_the_words_kept(company: Desks) -> None:
    for _ in range(ALWAYS):
        conversation = company.hear()
        newest = seen(conversation)
        answers = at_once(
            company,
            form(company.ana, path(conversation, "replies"), text="From Ana", seen=newest),
            form(company.dora, path(conversation, "replies"), text="From Dora", seen=newest),
        )
        assert sorted(one.status for one in answers) == [302, 409]
        (sent,) = said(conversation)
        (stopped,) = [one.text for one in answers if one.status == 409]
        assert {"From Ana", "From Dora"} - {sent} == {
            draft.text for draft in Draft.objects.filter(conversation=conversation)
        }
        assert sent in stopped
        assert Delivery.objects.filter(message__conversation=conversation).count() == 1


def test_the_same_reply_twice_is_sent_once_to_each(company: Desks) -> None:
    for _ in range(ALWAYS):
        conversation = company.hear()
        once = form(company.ana, path(conversation, "replies"), text="It is hot.", seen=seen(conversation))
        answers = at_once(company, once, once, once)
        assert {one.status for one in answers} == {302}
        assert len({one.leads_to for one in answers}) == 1
        assert said(conversation) == ["It is hot."]
        assert Delivery.objects.filter(message__conversation=conversation).count() == 1
        assert not Draft.objects.filter(conversation=conversation).exists()
        assert facts(conversation, "promise.kept") == 1


def test_the_same_note_twice_is_written_once(company: Desks) -> None:
    conversation = company.hear()
    once = form(company.ana, path(conversation, "notes"), text="Call the plumber.", seen=seen(conversation))
    assert {one.status for one in at_once(company, once, once)} == {302}
    assert said(conversation) == ["Call the plumber."]


def test_a_reply_taken_back_twice_is_taken_back_and_its_words_are_there_once(company: Desks) -> None:
    conversation, message = answered(company)
    once = form(company.ana, f"/messages/{message.pk}/undo")
    assert {one.leads_to for one in at_once(company, once, once)} == {f"{path(conversation, '')[:-1]}#composer"}
    assert facts(conversation, "message.taken_back") == 1
    assert Draft.objects.get(conversation=conversation).text == "It is hot."
    assert Promise.objects.filter(conversation=conversation, kept_at=None, withdrawn_at=None).count() == 1


def test_merged_and_answered_the_answer_is_said_in_the_one_they_are_or_kept_for_it(company: Desks) -> None:
    for _ in range(ALWAYS):
        kept, merged = company.hear("First"), company.hear("Second")
        answers = at_once(
            company,
            form(company.dora, path(kept, "joining"), other=merged.pk),
            form(company.ana, path(merged, "replies"), text="Coming.", seen=seen(merged)),
        )
        assert answers[0].status == 302
        merged.refresh_from_db()
        assert (merged.merged_into, merged.status) == (kept, Status.CLOSED)
        assert said(merged) == []
        waiting = [one.text for one in Draft.objects.filter(conversation=kept)]
        assert [*said(kept), *waiting] == ["Coming."]
        if waiting:
            assert answers[1].status == 409
            assert "Coming." in answers[1].text


def test_merged_and_noted_no_note_is_lost(company: Desks) -> None:
    for _ in range(ALWAYS):
        kept, merged = company.hear("First"), company.hear("Second")
        at_once(
            company,
            form(company.dora, path(kept, "joining"), other=merged.pk),
            form(company.ana, path(merged, "notes"), text="She called.", seen=seen(merged)),
        )
        assert said(merged) == []
        assert [*said(kept), *(one.text for one in Draft.objects.filter(conversation=kept))] == ["She called."]


@pytest.mark.parametrize("verb", ["reopening", "closure", "assignment", "waiting"])
def test_what_was_merged_at_that_moment_stays_merged_and_closed(company: Desks, verb: str) -> None:
    for _ in range(ALWAYS):
        kept, merged = company.hear("First"), company.hear("Second")
        answers = at_once(
            company,
            form(company.dora, path(kept, "joining"), other=merged.pk),
            form(company.ana, path(merged, verb), owner=company.ben.pk),
        )
        assert {one.status for one in answers} == {302}
        merged.refresh_from_db()
        assert (merged.merged_into, merged.status) == (kept, Status.CLOSED)
        assert not Promise.objects.filter(conversation=merged, kept_at=None, withdrawn_at=None).exists()


def test_merged_into_each_other_one_is_kept(company: Desks) -> None:
    for _ in range(ALWAYS):
        one, other = company.hear("First"), company.hear("Second")
        answers = at_once(
            company,
            form(company.ana, path(one, "joining"), other=other.pk),
            form(company.dora, path(other, "joining"), other=one.pk),
        )
        assert {answer.status for answer in answers} == {302}
        one.refresh_from_db()
        other.refresh_from_db()
        assert {one.merged_into, other.merged_into} in ({None, one}, {None, other})
        assert Message.objects.filter(conversation=one if other.merged_into else other).count() == 2
        assert Joining.objects.filter(kept__in=(one, other)).count() == 1


def test_a_merge_undone_twice_is_undone_once(company: Desks) -> None:
    kept, merged = company.hear("First"), company.hear("Second")
    made = joining.join(kept, merged, by=company.ana, at=now())
    once = f"/joinings/{made.pk}/undo"
    answers = at_once(company, form(company.ana, once), form(company.dora, once))
    assert {one.status for one in answers} == {302}
    assert facts(kept, "conversation.parted") == 1
    for one in (kept, merged):
        assert Promise.objects.filter(conversation=one, kept_at=None, withdrawn_at=None).count() == 1


def test_split_twice_at_one_message_there_is_one_new_conversation(company: Desks) -> None:
    conversation, message = answered(company)
    once = f"/messages/{message.pk}/split"
    answers = at_once(company, form(company.ana, once), form(company.dora, once))
    assert {one.status for one in answers} == {302}
    (made,) = Conversation.objects.filter(linked_to=conversation, split_off=True)
    assert said(made) == ["It is hot."]


def test_handed_over_and_closed_both_are_true(company: Desks) -> None:
    for _ in range(ALWAYS):
        conversation = company.hear()
        at_once(
            company,
            form(company.ana, path(conversation, "assignment"), owner=company.ben.pk),
            form(company.dora, path(conversation, "closure")),
        )
        conversation.refresh_from_db()
        assert (conversation.owner, conversation.status) == (company.ben, Status.CLOSED)
        assert not Promise.objects.filter(conversation=conversation, withdrawn_at=None).exists()
        assert conversation.reply_due is None


def test_answered_and_closed_nothing_is_promised_any_more(company: Desks) -> None:
    for _ in range(ALWAYS):
        conversation = company.hear()
        at_once(
            company,
            form(company.ana, path(conversation, "replies"), text="Done.", seen=seen(conversation)),
            form(company.dora, path(conversation, "closure")),
        )
        conversation.refresh_from_db()
        assert said(conversation) == ["Done."]
        assert conversation.reply_due is None
        (promise,) = Promise.objects.filter(conversation=conversation)
        assert bool(promise.kept_at) != bool(promise.withdrawn_at)


def test_taken_by_two_the_later_has_it_and_the_timeline_tells_both(company: Desks) -> None:
    conversation = company.hear()
    answers = at_once(
        company,
        form(company.dora, path(conversation, "assignment"), owner=company.dora.pk),
        form(company.cleo, path(conversation, "assignment"), owner=company.cleo.pk),
    )
    assert {one.status for one in answers} == {302}
    told = journal.about(conversation).filter(action="conversation.assigned").order_by("pk")
    conversation.refresh_from_db()
    assert [one.particulars["owner"] for one in told][-1] == conversation.owner_id
    assert [one.particulars["before"] for one in told] == [company.ana.pk, told[0].particulars["owner"]]
    assert Promise.objects.get(conversation=conversation).owner == conversation.owner


def test_undone_twice_it_is_undone_once(company: Desks) -> None:
    conversation = company.hear()
    fact = sleep(conversation, until=now() + timedelta(days=1), by=company.ana, at=now())
    once = form(company.ana, "/triage/undoings", facts=fact.pk)
    assert {one.status for one in at_once(company, once, once)} == {302}
    assert facts(conversation, "conversation.taken_up") == 1


def test_the_same_many_gone_through_in_another_order_nobody_waits_for_the_other(company: Desks) -> None:
    for _ in range(ALWAYS):
        many = [company.hear(f"Kettle {number}") for number in range(6)]
        keys = [one.pk for one in many]
        answers = at_once(
            company,
            form(company.ana, "/triage/assignments", conversation=keys, to=f"member:{company.ben.pk}"),
            form(company.dora, "/triage/assignments", conversation=keys[::-1], to=f"member:{company.dora.pk}"),
            form(company.cleo, "/triage/taggings", conversation=keys[::-1], names="kettle"),
        )
        assert {one.status for one in answers} == {302}
        for one in many:
            one.refresh_from_db()
        assert {one.owner for one in many} in ({company.dora}, {company.ben})


def test_let_in_and_left_out_whoever_is_copied_is_one_or_the_other(company: Desks) -> None:
    conversation = company.hear()
    customer = Participant.objects.get(conversation=conversation)
    Participant.objects.filter(pk=customer.pk).update(approved_at=None)
    at_once(
        company,
        form(company.ana, f"/participants/{customer.pk}/approval"),
        form(company.dora, f"/participants/{customer.pk}/refusal"),
    )
    customer.refresh_from_db()
    assert bool(customer.approved_at) != bool(customer.declined_at)
