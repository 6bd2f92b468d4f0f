"""Random conversations of several customers, with every way a mail program keeps, cuts or mixes up references.

Whatever happens, no message joins a conversation that its sender does not take part in, and every genuine answer with
our address or our Message-ID joins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from everyhand.channels.email import queries, tokens
from everyhand.channels.email.file import Filer
from everyhand.channels.email.models import Mail
from everyhand.conversations import taking_part
from everyhand.conversations.models import Conversation, Message, Participant, Status
from everyhand.desk.close import close
from tests.cast import NOON, Cast
from tests.channels.email.proof.post import Post, guessed

PEOPLE = ("ada@example.org", "bea@example.org", "cyd@example.org", "dan@example.org")
people = st.sampled_from(PEOPLE)
which = st.integers(0, 30)
_numbers = count(1)


@dataclass
class Thread:
    """What must be true of one conversation. `ours` are the Message-IDs of our answers."""

    conversation: Conversation
    takes_part: set[str]
    heard: int = 1
    ours: list[str] = field(default_factory=list)

    @property
    def reply_address(self) -> str:
        return tokens.reply_address(self.conversation)


class Desk(RuleBasedStateMachine):
    filer: Filer

    def __init__(self) -> None:
        super().__init__()
        self._undone = transaction.atomic()
        self._undone.__enter__()
        self.post = Post(self.filer, Cast())
        self.threads: list[Thread] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self._undone.__exit__(None, None, None)

    def thread(self, number: int) -> Thread:
        return self.threads[number % len(self.threads)]

    def writes(self, sender: str, *to: str, **fields: str) -> Mail:
        """Some services (SES) give a mail an id of their own, so a sender's id says nothing."""
        own = {"Message-ID": f"<{next(_numbers)}-rewritten@eu-west-1.example.net>"}
        text = f"Words {next(_numbers)}."
        return self.post.writes(sender, text, to=list(to) or "help@courier.test", **{**own, **fields})

    def opened(self, mail: Mail, sender: str) -> None:
        """A new conversation, and none of those there were."""
        assert mail.conversation is not None
        assert mail.conversation.pk not in {one.conversation.pk for one in self.threads}
        self.threads.append(Thread(mail.conversation, {sender}))

    @rule(sender=people, copied=st.none() | people)
    def somebody_writes(self, sender: str, copied: str | None) -> None:
        self.opened(self.writes(sender, **({"Cc": copied} if copied else {})), sender)

    @precondition(lambda self: self.threads)
    @rule(number=which)
    def we_answer(self, number: int) -> None:
        thread = self.thread(number)
        answer = self.post.answers(thread.conversation)
        thread.ours.append(answer.message_id)
        assert {one.address for one in answer.deliveries.all()} == thread.takes_part

    @precondition(lambda self: self.threads)
    @rule(
        number=which, sender=people, other=which, way=st.sampled_from(["address", "in-reply-to", "references", "all"])
    )
    def somebody_answers(self, number: int, sender: str, other: int, way: str) -> None:
        """By whatever the mail program kept; in between stand ids of other threads and of nobody."""
        thread = self.thread(number)
        fields, to = {}, []
        foreign = [*self.thread(other).ours[-1:], "somebody@elsewhere.test"]
        if way in ("address", "all"):
            to = [thread.reply_address]
            fields["References"] = " ".join(f"<{one}>" for one in foreign)
        if way in ("references", "all") and thread.ours:
            fields["References"] = " ".join(f"<{one}>" for one in [*foreign, thread.ours[0]])
        if way in ("in-reply-to", "all") and thread.ours:
            fields["In-Reply-To"] = f"<{thread.ours[-1]}>"
        if not to and not thread.ours:
            return
        mail = self.writes(sender, *to, **fields)
        if sender in thread.takes_part:
            assert mail.conversation == thread.conversation
            thread.heard += 1
        else:
            self.opened(mail, sender)

    @precondition(lambda self: self.threads)
    @rule(number=which, sender=people)
    def somebody_guesses(self, number: int, sender: str) -> None:
        self.opened(self.writes(sender, guessed(self.thread(number).reply_address)), sender)

    @precondition(lambda self: self.threads)
    @rule(number=which, sender=people)
    def somebody_forges(self, number: int, sender: str) -> None:
        thread = self.thread(number)
        mail = self.post.forges(sender, f"Forged {next(_numbers)}.", to=thread.reply_address)
        if sender in thread.takes_part:
            assert (mail.outcome, mail.held) == ("quarantined", "forged-reply")
        else:
            self.opened(mail, sender)

    @precondition(lambda self: self.threads)
    @rule(number=which, sender=people, quoted=which)
    def somebody_forwards_one_thread_into_another(self, number: int, sender: str, quoted: int) -> None:
        """To the address of one, with the ids of another: the address says where it was sent."""
        thread, other = self.thread(number), self.thread(quoted)
        ids = " ".join(f"<{one}>" for one in other.ours)
        mail = self.writes(sender, thread.reply_address, **({"References": ids} if ids else {}))
        if sender in thread.takes_part:
            assert mail.conversation == thread.conversation
            thread.heard += 1
        else:
            self.opened(mail, sender)

    @precondition(lambda self: self.threads)
    @rule(number=which, let_in=st.booleans())
    def we_decide_about_somebody_copied_in(self, number: int, *, let_in: bool) -> None:
        thread = self.thread(number)
        proposed = Participant.objects.filter(conversation=thread.conversation, approved_at=None).first()
        if proposed is None:
            return
        if let_in:
            taking_part.approve(proposed, by=self.post.cast.ana, at=NOON)
            thread.takes_part.add(proposed.identity.value)
        else:
            taking_part.decline(proposed, by=self.post.cast.ana, at=NOON)

    @precondition(lambda self: self.threads)
    @rule(number=which)
    def we_close(self, number: int) -> None:
        conversation = Conversation.objects.get(pk=self.thread(number).conversation.pk)
        if conversation.status != Status.CLOSED:
            close(conversation, by=self.post.cast.ana, at=NOON)

    @invariant()
    def everybody_speaks_only_where_they_take_part(self) -> None:
        for thread in self.threads:
            heard = Message.objects.filter(conversation=thread.conversation, direction="in")
            authors = heard.values_list("author_identity__value", flat=True)
            assert set(authors) <= thread.takes_part
            assert len(authors) == thread.heard

    @invariant()
    def nothing_is_lost(self) -> None:
        assert queries.ledger().balanced


@pytest.mark.usefixtures("db")
def test_answers_find_their_conversation_and_no_other(filer: Filer) -> None:
    Desk.filer = filer
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
            deadline=None,
        ),
    )
