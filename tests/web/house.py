"""The Riverside Courier at its desks: the cast, a private team, and letters that reach them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from everyhand.conversations.models import Conversation, Message
from everyhand.core import looks
from everyhand.desk.inbound import Address, File
from everyhand.desk.receive import Received, receive
from everyhand.desk.reply import reply
from everyhand.people.models import Member
from everyhand.routing import actions as routing
from tests.cast import HELP, Cast, letter, member, team

ADA = Address("Ada Brown", "ada@example.org")


def nobody_was_here() -> None:
    """Forget what earlier tests left in memory: how often somebody tried to sign in, and what was seen.

    Rows of other tests have the same numbers.
    """
    cache.clear()
    looks.memory.clear()


class House(Cast):
    """The cast, and Dora, who alone with Ines' successor sees what is written to the private team HR."""

    def __init__(self) -> None:
        super().__init__()
        self.dora = member("Dora Lind", title="People")
        self.hr = team("hr", "HR", self.dora, lead=self.dora, private=True)
        now = timezone.now()
        routing.add_rule(by=self.ines, at=now, looks_at="recipient", pattern="hr@courier.test", team=self.hr)
        routing.add_rule(by=self.ines, at=now, looks_at="words", pattern="route 4", thing="the round", member=self.ana)
        routing.add_rule(by=self.ines, at=now, looks_at="words", pattern="column", member=self.carla)


def arrives(
    text: str = "No paper on route 4 today.",
    *,
    to: str = HELP,
    sender: Address = ADA,
    at: datetime | None = None,
    html: str = "",
    files: Iterable[File] = (),
    cc: Iterable[Address] = (),
    subject: str = "Paper",
    proof: int | None = None,
) -> Received:
    """A letter reaches the desk; by default Ada's, for Ana."""
    inbound = letter(
        text,
        sender=sender.email,
        name=sender.name,
        subject=subject,
        recipients=(to,),
        to=(Address("", to),),
        cc=tuple(cc),
        html=html,
        files=tuple(files),
    )
    return receive(inbound, channel="email", at=at or timezone.now(), answered_from=to, ours=[to], proof=proof)


def answers(author: Member, conversation: Conversation, text: str, *, at: datetime | None = None) -> Message:
    """A colleague's reply is on its way."""
    now = at or timezone.now()
    return reply(conversation, author=author, text=text, at=now, message_id_for=lambda pk: f"{pk}@courier.test")


def browser_of(somebody: Member | None) -> Client:
    """A browser in which this member is signed in, or nobody."""
    client = Client()
    if somebody:
        client.force_login(somebody, backend="everyhand.people.backends.Passwords")
    return client
