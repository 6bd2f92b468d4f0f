"""Joining a conversation by mail takes our token, a sender who takes part, and a name that is not borrowed."""

from __future__ import annotations

import pytest
from django.conf import settings

from everyhand.channels.email import holding, queries
from everyhand.channels.email.models import Mail, SystemMail
from everyhand.channels.email.reparse import read_again
from everyhand.channels.email.try_again import try_again
from everyhand.conversations import taking_part
from everyhand.conversations.models import Conversation, Delivery, Message, Participant
from everyhand.core.journal import Entry
from everyhand.desk.belonging import Decision
from everyhand.people import actions as people
from tests.cast import HELP, NOON, minutes
from tests.channels.email.proof.post import ADA, BEA, MALLORY, Post, guessed, reply_address, said, sent
from tests.channels.email.proof.senders import EVIL_SERVER, written


def opened(post: Post, **fields: str) -> Conversation:
    conversation = post.writes(**fields).conversation
    assert conversation is not None
    return conversation


def test_a_genuine_answer_joins_by_the_reply_address_or_by_our_message_id(post: Post) -> None:
    conversation = opened(post)
    answer = post.answers(conversation)
    by_address = post.writes(text="Thank you.", to=reply_address(conversation))
    by_id = post.writes(text="It came.", **{"In-Reply-To": f"<{answer.message_id}>"})
    assert by_address.conversation == by_id.conversation == conversation
    assert said(conversation) == ["No paper today.", "It is on its way.", "Thank you.", "It came."]
    assert by_address.message is not None
    assert by_address.message.verdict["dmarc"] == {"result": "pass", "domain": "example.org"}


def test_an_answer_from_where_nothing_can_be_proved_joins_with_the_token(post: Post) -> None:
    conversation = post.comes(written("ada@quiet.test"), peer=EVIL_SERVER, envelope_from="ada@quiet.test").conversation
    raw = written("ada@quiet.test", "Thank you.")
    again = post.comes(raw, to=reply_address(conversation), peer=EVIL_SERVER, envelope_from="ada@quiet.test")
    assert again.conversation == conversation


def test_a_forged_answer_to_a_known_address_is_held_and_nothing_happens(post: Post) -> None:
    conversation = opened(post)
    held = post.forges(ADA, "Send me everything.", to=[reply_address(conversation)], Cc=MALLORY)
    assert (held.outcome, held.held, held.would_join) == ("quarantined", "forged-reply", conversation)
    assert held.conversation is None
    assert said(conversation) == ["No paper today."]
    assert not Participant.objects.filter(identity__value=MALLORY).exists()
    assert not Delivery.objects.exists()
    assert not SystemMail.objects.exists()
    ledger = queries.ledger()
    assert ledger.balanced
    assert (ledger.accepted, ledger.filed, ledger.quarantined) == (2, 1, 1)


@pytest.mark.parametrize("decision", [Decision.JOIN, Decision.OPEN, Decision.DISMISS])
def test_a_person_decides_about_what_is_held(post: Post, decision: Decision) -> None:
    conversation = opened(post)
    held = post.forges(ADA, "It is really me.", to=reply_address(conversation), Cc=MALLORY)
    assert holding.decisions(held) == [Decision.JOIN, Decision.OPEN, Decision.DISMISS]
    assert holding.decide(held, decision, by=post.cast.ana, at=NOON + minutes(1))
    assert not holding.decide(held, decision, by=post.cast.ben, at=NOON + minutes(1))
    post.work(at=NOON + minutes(1))
    held.refresh_from_db()
    if decision is Decision.JOIN:
        assert held.conversation == conversation
        assert said(conversation) == ["No paper today.", "It is really me."]
    elif decision is Decision.OPEN:
        assert held.conversation not in (None, conversation)
        assert held.conversation is not None
        assert held.conversation.linked_to == conversation
    else:
        assert (held.outcome, held.why, held.conversation) == ("suppressed", "dismissed", None)
    assert not Participant.objects.filter(identity__value=MALLORY).exists()
    assert not SystemMail.objects.exists()
    assert queries.ledger().balanced
    decided = Entry.objects.get(action="mail.decided")
    assert (decided.actor, decided.particulars["decision"]) == (f"member:{post.cast.ana.pk}", decision)


def test_what_could_not_be_read_can_only_be_put_away(post: Post) -> None:
    held = post.forges(ADA, to=reply_address(opened(post)))
    Mail.objects.filter(pk=held.pk).update(held="")
    held.refresh_from_db()
    assert holding.decisions(held) == [Decision.DISMISS]
    assert not holding.decide(held, Decision.JOIN, by=post.cast.ana, at=NOON)
    assert holding.decide(held, Decision.DISMISS, by=post.cast.ana, at=NOON, reason="an advertisement")
    held.refresh_from_db()
    assert (held.outcome, held.why) == ("suppressed", "A person put it away: an advertisement")


def test_trying_a_held_mail_again_holds_it_again(post: Post) -> None:
    held = post.forges(ADA, to=reply_address(opened(post)))
    assert try_again(held, by=post.cast.ana, at=NOON)
    post.work()
    held.refresh_from_db()
    assert (held.outcome, held.held) == ("quarantined", "forged-reply")


def test_a_stranger_with_the_token_gets_a_conversation_of_their_own_and_sees_nothing(post: Post) -> None:
    conversation = opened(post)
    strange = post.writes(MALLORY, "Tell me.", to=reply_address(conversation), **{"Reply-To": MALLORY})
    assert strange.conversation != conversation
    assert strange.conversation is not None
    assert strange.conversation.linked_to == conversation
    assert "No paper today." not in sent(post.answers(strange.conversation, "Who are you?"))
    answer = post.answers(conversation)
    assert [one.address for one in answer.deliveries.all()] == [ADA]


@pytest.mark.parametrize("number", [-50, -1, 0, 1, 50])
def test_a_guessed_reply_address_joins_nothing_and_is_counted(post: Post, number: int) -> None:
    conversation = opened(post)
    guess = guessed(reply_address(conversation), by=number)
    mail = post.writes(text="Let me in.", to=[HELP, guess], Subject=f"Re: [#{conversation.pk}] Paper")
    assert mail.conversation != conversation
    assert said(conversation) == ["No paper today."]
    refused = Entry.objects.get(action="reply_token.refused")
    assert (refused.subject, refused.particulars) == (f"mail:{mail.pk}", {"count": 1})


def test_many_guesses_raise_the_alarm(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    conversation = opened(post)
    spray = [guessed(reply_address(conversation), by=number) for number in range(1, 101)]
    mail = post.writes(text="Let me in.", to=[HELP, *spray])
    assert Entry.objects.get(action="reply_token.refused").particulars == {"count": 100}
    assert mail.conversation != conversation
    assert "somebody may be guessing" in caplog.text


@pytest.mark.parametrize("signature", ["", "-", "a" * 26, "zzz", "A" * 26])
def test_our_message_id_with_a_wrong_signature_joins_nothing(post: Post, signature: str) -> None:
    conversation = opened(post)
    answer = post.answers(conversation)
    wrong = f"<{answer.pk}-{signature}@courier.test>"
    for field in ("In-Reply-To", "References"):
        mail = post.writes(text=f"Let me in by {field}.", **{field: wrong})
        assert mail.conversation != conversation
    assert len(said(conversation)) == 2


def test_a_mail_that_says_it_answers_something_is_shown_beside_what_it_may_continue(post: Post) -> None:
    first = opened(post, **{"Message-ID": "<first@example.org>"})
    other = post.comes(written(ADA, "Another thing.").replace(b"Subject: Paper", b"Subject: Bill")).conversation
    by_own_id = post.writes(text="And yesterday?", **{"In-Reply-To": "<first@example.org>"})
    by_subject = post.comes(written(ADA, "About the bill.").replace(b"Subject: Paper", b"Subject: AW: bill"))
    plain = post.writes(text="Something new.")
    assert by_own_id.conversation is not None
    assert by_own_id.conversation != first
    assert by_own_id.conversation.linked_to == first
    assert by_subject.conversation is not None
    assert by_subject.conversation.linked_to == other
    assert plain.conversation is not None
    assert plain.conversation.linked_to is None


def test_nobody_is_shown_beside_the_conversations_of_others(post: Post) -> None:
    opened(post, **{"Message-ID": "<first@example.org>"})
    bea = post.writes(BEA, **{"In-Reply-To": "<first@example.org>"})
    assert bea.conversation is not None
    assert bea.conversation.linked_to is None


@pytest.mark.parametrize(
    "header",
    [
        f"From: {ADA}\r\nFrom: {MALLORY}",
        f"From: {MALLORY}\r\nFrom: {ADA}",
        f"From: {ADA}, {MALLORY}",
        f"From: Ada <{ADA}>, Mallory <{MALLORY}>",
        f"Sender: {ADA}",
        f"Reply-To: {ADA}",
        "From: undisclosed:;",
        "",
    ],
)
def test_whoever_does_not_say_clearly_who_they_are_joins_nothing(post: Post, header: str) -> None:
    conversation = opened(post)
    raw = written(ADA, "It is me.").replace(f"From: {ADA}".encode(), header.encode()).lstrip(b"\r\n")
    held = post.comes(raw, to=reply_address(conversation))
    assert (held.outcome, held.held) == ("quarantined", "doubtful-reply")
    assert said(conversation) == ["No paper today."]


@pytest.mark.parametrize(
    "sender",
    [
        f'"{ADA}" <{MALLORY}>',
        f"{MALLORY} ({ADA})",
        f"=?utf-8?q?ada=40example.org?= <{MALLORY}>",
        f"mallory(&email={ADA})@evil.test",
        f"<@example.org:{MALLORY}>",
    ],
)
def test_a_name_that_looks_like_an_address_is_a_name(post: Post, sender: str) -> None:
    conversation = opened(post)
    mail = post.comes(
        written(sender, "It is me."), to=reply_address(conversation), peer=EVIL_SERVER, envelope_from=MALLORY
    )
    assert mail.conversation != conversation
    assert said(conversation) == ["No paper today."]


def test_who_claims_to_be_one_of_us_is_held_unless_it_is_proved(post: Post) -> None:
    conversation = opened(post)
    ana = post.cast.ana.email
    for forged in (post.forges(ana), post.forges(ana.upper(), to=reply_address(conversation))):
        assert (forged.outcome, forged.held) == ("quarantined", "member-unproved")
    unknown = post.comes(written(ana, "By another way."), source="inbox/1.eml")
    assert unknown.held == "member-unproved"
    proved = post.writes(ana, "My own paper did not come.")
    assert proved.message is not None
    assert (proved.message.direction, proved.message.author_member) == ("in", None)
    answering = post.writes(ana, "I answer by mail.", to=reply_address(conversation))
    assert answering.conversation != conversation


def test_a_member_named_beside_somebody_else_is_not_proved_by_their_domain(post: Post) -> None:
    ana = post.cast.ana.email
    both = post.comes(written(f"{ana}, {ADA}", "From both of us."), envelope_from=ana)
    assert both.held == "member-unproved"


def test_reading_all_mail_again_leaves_what_was_decided_as_it_is(post: Post) -> None:
    dismissed = post.forges(ADA, to=reply_address(opened(post)))
    assert holding.decide(dismissed, Decision.DISMISS, by=post.cast.ana, at=NOON)
    again = list(read_again(Mail.objects.all(), apply=True, at=NOON))
    assert [one.doubt for one in again] == ["", ""]
    assert Message.objects.get().verdict["judged_by"] == "everyhand"


def test_who_no_longer_works_here_is_not_taken_for_a_member_either(post: Post) -> None:
    people.disable(post.cast.ben, by=post.cast.ines, at=NOON)
    conversation = opened(post)
    assert post.forges(post.cast.ben.email, to=reply_address(conversation)).held == "member-unproved"


def test_nobody_is_proposed_in_a_name_that_is_forged_or_doubtful(post: Post) -> None:
    forged = post.forges(ADA, Cc=MALLORY)
    doubtful = post.comes(written(f"{ADA}, {MALLORY}", "Both of us.", Cc="cyd@evil.test"))
    assert forged.conversation is not None
    assert doubtful.conversation is not None
    assert not Participant.objects.filter(identity__value__in=[MALLORY, "cyd@evil.test"]).exists()


def test_nobody_is_thanked_for_a_mail_they_never_wrote(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.EVERYHAND.values, "acknowledge", True)
    post.forges(ADA)
    post.comes(written(f"{BEA}, {MALLORY}", "Both of us."))
    assert not SystemMail.objects.exists()
    post.writes(ADA)
    assert [mail.address for mail in SystemMail.objects.all()] == [ADA]


def test_only_who_was_let_in_hears_what_is_said(post: Post) -> None:
    conversation = opened(post, Cc=f"{BEA}, cyd@example.org")
    bea, cyd = Participant.objects.filter(conversation=conversation, approved_at=None).order_by("pk")
    assert [bea.identity.value, cyd.identity.value] == [BEA, "cyd@example.org"]
    taking_part.decline(cyd, by=post.cast.ana, at=NOON)

    def hear() -> list[str]:
        return [one.address for one in post.answers(conversation).deliveries.all()]

    assert hear() == [ADA]
    assert post.writes(BEA, "Me too.", to=reply_address(conversation)).conversation != conversation
    taking_part.approve(bea, by=post.cast.ana, at=NOON)
    assert hear() == [ADA, BEA]
    assert post.writes(BEA, "Me too!", to=reply_address(conversation)).conversation == conversation
    assert post.writes("cyd@example.org", "And I.", to=reply_address(conversation)).conversation != conversation
    post.writes(text="Cyd again.", to=reply_address(conversation), Cc="cyd@example.org")
    assert hear() == [ADA, BEA]


def test_an_address_to_answer_to_never_becomes_the_customer(post: Post) -> None:
    conversation = opened(post, **{"Reply-To": MALLORY})
    assert conversation.customer.address == ADA
    post.writes(text="Write to my other address.", to=reply_address(conversation), **{"Reply-To": MALLORY})
    conversation.refresh_from_db()
    assert conversation.customer.address == ADA
    assert [one.address for one in post.answers(conversation).deliveries.all()] == [ADA]


def test_mail_from_an_address_of_ours_is_our_own_coming_back(post: Post) -> None:
    conversation = opened(post)
    for sender in (HELP, reply_address(conversation)):
        own = post.writes(sender, f"Forwarded back by {sender}.", to=reply_address(conversation))
        assert (own.outcome, own.why) == ("suppressed", "loop")
    assert Message.objects.count() == 1
