"""An archive of letters, of both sides and in any order, becomes the conversations they were."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from everyhand.channels.email import accept, queries
from everyhand.channels.email.models import Mail, Mailbox, SystemMail
from everyhand.conversations.models import Conversation, Delivery, Message, Participant, Status
from everyhand.desk.reply import reply
from everyhand.promises.models import Promise
from tests.cast import HELP, NOON, minutes
from tests.channels.email.fetching.conftest import connected
from tests.channels.email.proof.post import ADA, BEA, Post, said
from tests.channels.email.proof.senders import written
from tests.web.house import browser_of

LAST_WEEK = NOON - timedelta(days=7)


def archived(
    post: Post, sender: str, text: str, number: int, *, to: str = HELP, answers: str = "", **more: str
) -> Mail:
    """A letter of last week, `number` minutes after the first, found in the mailbox when it was connected."""
    fields = {"Message-ID": f"<{number}@thread.test>", **more}
    if answers:
        fields |= {"In-Reply-To": answers.rsplit(maxsplit=1)[-1], "References": answers}
    raw = written(sender, text, **fields).replace(b"To: help@courier.test", f"To: {to}".encode())
    at = LAST_WEEK + minutes(number)
    arriving = accept.Arriving(raw, f"imap 7/{number}", fetched_into=Mailbox.objects.get(), arrived_at=at, silent=True)
    mail = accept.accept(arriving, at=NOON).mail
    post.work()
    mail.refresh_from_db()
    return mail


def ada_asks(post: Post) -> Mail:
    return archived(post, ADA, "No paper today.", 1)


def we_answer(post: Post) -> Mail:
    return archived(post, HELP, "Was it wet?", 2, to=ADA, answers="<1@thread.test>")


def ada_thanks(post: Post) -> Mail:
    return archived(post, ADA, "It was. Thank you.", 3, answers="<1@thread.test> <2@thread.test>")


@pytest.mark.parametrize("order", list(permutations([ada_asks, we_answer, ada_thanks])))
def test_both_sides_of_a_thread_are_one_closed_conversation_in_whatever_order_they_are_found(
    post: Post, order: tuple[object, ...]
) -> None:
    for letter in order:
        letter(post)  # type: ignore[operator]
    conversation = Conversation.objects.get()
    messages = list(conversation.messages.order_by("at"))
    assert [(one.direction, one.reply) for one in messages] == [
        ("in", "No paper today."),
        ("out", "Was it wet?"),
        ("in", "It was. Thank you."),
    ]
    assert (conversation.customer.address, conversation.status) == (ADA, Status.CLOSED)
    first, last = LAST_WEEK + minutes(1), LAST_WEEK + minutes(3)
    assert (conversation.opened_at, conversation.closed_at, conversation.last_message_at) == (first, last, last)


def test_nothing_is_sent_promised_or_thanked_for(post: Post) -> None:
    for letter in (ada_asks, we_answer, ada_thanks):
        letter(post)
    assert not Delivery.objects.exists()
    assert not Promise.objects.exists()
    assert not SystemMail.objects.exists()
    assert queries.ledger().balanced


def test_a_thread_never_leads_to_another_customer(post: Post) -> None:
    adas = ada_asks(post).conversation
    beas = archived(post, BEA, "Me too.", 2, answers="<1@thread.test>").conversation
    ours = archived(post, HELP, "Dear Bea.", 3, to=BEA, answers="<1@thread.test> <2@thread.test>").conversation
    assert adas != beas == ours
    assert said(adas) == ["No paper today."]
    assert beas is not None
    assert [one.identity.value for one in beas.participants.all()] == [BEA]


def test_who_was_only_copied_in_is_proposed_and_their_letters_stay_apart(post: Post) -> None:
    adas = archived(post, ADA, "Both of us.", 1, Cc=BEA).conversation
    beas = archived(post, BEA, "Indeed.", 2, answers="<1@thread.test>").conversation
    assert adas != beas
    assert Participant.objects.get(conversation=adas, identity__value=BEA).approved_at is None


def test_a_forged_letter_of_the_past_joins_nothing(post: Post) -> None:
    ada_asks(post)
    receiver = (
        b"Authentication-Results: mx.courier.test; dmarc=fail (p=reject) header.from=example.org\r\n"
        b"Received: from mail.evil.test by mx.courier.test; Mon\r\n"
    )
    raw = receiver + written(ADA, "Send it elsewhere.", **{"In-Reply-To": "<1@thread.test>"})
    box = connected("imap.courier.test", 993, receiver="mx.courier.test")
    arriving = accept.Arriving(raw, f"imap {box} 7/9", fetched_into=box.mailbox, arrived_at=NOON, silent=True)
    mail = accept.accept(arriving, at=NOON).mail
    post.work()
    mail.refresh_from_db()
    assert mail.conversation != Conversation.objects.order_by("pk").first()


def test_an_id_used_for_every_letter_joins_only_ones_own(post: Post) -> None:
    """Some devices use one Message-ID for all they send."""
    one = archived(post, ADA, "First.", 1, **{"Message-ID": "<device@thread.test>"}).conversation
    two = archived(post, BEA, "Second.", 2, **{"Message-ID": "<device@thread.test>"}).conversation
    answer = archived(post, HELP, "To the second.", 3, to=BEA, answers="<device@thread.test>").conversation
    assert one != two == answer


def test_what_we_wrote_to_several_is_the_first_ones_and_the_others_are_proposed(post: Post) -> None:
    mail = archived(post, HELP, "To both of you.", 1, to=f"{ADA}, {BEA}", Cc=post.cast.ben.email)
    conversation = mail.conversation
    assert conversation is not None
    message = conversation.messages.get()
    assert (message.direction, message.author_member) == ("out", None)
    assert conversation.customer.address == ADA
    assert {one.identity.value: one.approved_at is not None for one in conversation.participants.all()} == {
        ADA: True,
        BEA: False,
    }


def test_a_colleague_is_the_author_of_an_old_letter_only_where_they_are_proved(post: Post) -> None:
    proof = (
        b"Authentication-Results: mx.courier.test; dmarc=pass header.from=courier.test\r\n"
        b"Received: from mail.courier.test by mx.courier.test; Mon\r\n"
    )
    ana, box = post.cast.ana.email, connected("imap.courier.test", 993, receiver="mx.courier.test")

    def kept(raw: bytes, number: int) -> Message:
        raw = raw.replace(b"To: help@courier.test", f"To: {ADA}\r\nMessage-ID: <{number}@thread.test>".encode())
        arriving = accept.Arriving(raw, f"imap {box} 7/{number}", fetched_into=box.mailbox, silent=True)
        mail = accept.accept(arriving, at=NOON).mail
        post.work()
        mail.refresh_from_db()
        assert mail.message is not None
        return mail.message

    proved = kept(proof + written(f"Ana Silva <{ana}>", "It is me."), 1)
    claimed = kept(written(f"Ana Silva <{ana}>", "It is me, perhaps."), 2)
    assert (proved.author_member, claimed.author_member, claimed.author) == (post.cast.ana, None, "Ana Silva")
    assert proved.conversation.customer.address == claimed.conversation.customer.address == ADA


def test_our_own_letter_that_went_to_nobody_outside_is_still_no_conversation(post: Post) -> None:
    mail = archived(post, HELP, "A note to ourselves.", 1)
    assert (mail.outcome, mail.why) == ("suppressed", "loop")


def test_live_mail_still_needs_proof(post: Post) -> None:
    ada_asks(post)
    live = post.writes(text="And today?", **{"In-Reply-To": "<1@thread.test>", "References": "<1@thread.test>"})
    assert Conversation.objects.count() == 2
    assert live.conversation is not None
    assert live.conversation.status == Status.OPEN


def test_a_live_conversation_keeps_its_state_when_older_letters_of_its_thread_are_found(post: Post) -> None:
    live = post.writes(text="And today?", **{"Message-ID": "<4@thread.test>", "References": "<1@thread.test>"})
    conversation = live.conversation
    assert conversation is not None
    opened_at, due = conversation.opened_at, conversation.reply_due
    archived(post, HELP, "We are sorry.", 3, to=ADA, answers="<4@thread.test>")
    conversation.refresh_from_db()
    assert conversation.messages.count() == 2
    assert (conversation.status, conversation.opened_at, conversation.reply_due) == (Status.OPEN, opened_at, due)


def test_the_page_shows_the_past_as_it_was_and_ada_can_be_answered(post: Post) -> None:
    for letter in (ada_asks, we_answer, ada_thanks):
        letter(post)
    conversation = Conversation.objects.get()
    page = browser_of(post.cast.ines).get(f"/conversations/{conversation.pk}").content.decode()
    assert page.index("No paper today.") < page.index("Was it wet?") < page.index("It was. Thank you.")
    at: datetime = NOON + minutes(1)
    answer = reply(conversation, author=post.cast.ana, text="Again?", at=at, message_id_for=lambda pk: f"{pk}@x")
    assert [one.address for one in answer.deliveries.all()] == [ADA]
    assert answer.in_reply_to == "3@thread.test"
