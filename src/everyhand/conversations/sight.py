"""Who may see what: the one place that says which conversations, messages, files and customers somebody may see."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from everyhand.conversations.models import Attachment, Conversation, Follower, Message
from everyhand.core.prepared import Given, prepared
from everyhand.customers.models import Customer
from everyhand.people.models import Member, Membership, Team


class Asker(Given):
    """Whoever asks, in a question that is written once for all members who see as much."""

    def __init__(self, *, sees_every_queue: bool, may_set_up: bool = False) -> None:
        super().__init__("asker")
        self.sees_every_queue, self.may_set_up = sees_every_queue, may_set_up


def visible_to(member: Member | Asker) -> QuerySet[Conversation]:
    """Every conversation `member` may see: what they own, what belongs to their teams and, unless it belongs to a
    private team they are not in, what they follow or are mentioned in; for those who see every queue, all the others.

    What was merged into another conversation is seen there, and so is what is asked aside (see `asides_visible_to`).

    Each way of seeing is a condition that an index of its own answers, and the teams are listed once a query.
    """
    return _within_sight(member).filter(merged_into=None, aside_of=None)


def may_see(member: Member, conversation: int) -> bool:
    """Whether the conversation with this primary key is visible to `member`."""
    return bool(_one_visible(member.sees_every_queue)(asker=member.pk, conversation=conversation))


@cache
def _one_visible(sees_every_queue: bool) -> Callable[..., list[int]]:
    visible = visible_to(Asker(sees_every_queue=sees_every_queue)).order_by()
    return prepared(visible.filter(pk=Given("conversation")).values_list("pk", flat=True))


def merged_from_sight(member: Member) -> QuerySet[Conversation]:
    """Every conversation that `member` might see, had it not been merged into another: they may have it open."""
    return _within_sight(member).filter(merged_into__isnull=False, aside_of=None)


def _within_sight(member: Member | Asker) -> QuerySet[Conversation]:
    asker: Any = member  # the ORM takes either
    their_teams = Membership.objects.filter(member=asker).values("team")
    open_to_them = ~Q(team__in=Team.objects.filter(private=True).exclude(pk__in=their_teams))
    if member.sees_every_queue:
        return Conversation.objects.filter(Q(owner=asker) | open_to_them)
    followed = Q(pk__in=Follower.objects.filter(member=asker).values("conversation"))
    theirs = Q(owner=asker) | Q(team__in=their_teams) | (followed & open_to_them)
    return Conversation.objects.filter(theirs)


def ways_to_see(member: Asker) -> list[QuerySet[Any, Any]]:
    """The keys of what somebody owns, of what belongs to their teams, of what they follow: whoever does not see every
    queue sees nothing else (see `visible_to`), and not all of it.
    """
    asker: Any = member
    their_teams = Membership.objects.filter(member=asker).values("team")
    return [
        Conversation.objects.filter(owner=asker).values("pk"),
        Conversation.objects.filter(team__in=their_teams).values("pk"),
        Follower.objects.filter(member=asker).values("conversation"),
    ]


def seen_by(member: Member, field: str) -> Q:
    """Whether `member` may see the conversation that this field of a row names; not where it names none.

    It is asked of each row, of which there are few: for `field__in=visible_to(member)` SQLite would list all
    conversations first.
    """
    return Q(Exists(visible_to(member).filter(pk=OuterRef(field))), **{f"{field}__isnull": False})


def said_in_sight_of(member: Member, field: str) -> Q:
    """The same, or the conversation it is an aside of: what was asked beside one is for whoever may see that one."""
    return seen_by(member, field) | seen_by(member, f"{field}__aside_of")


def messages_visible_to(member: Member) -> QuerySet[Message]:
    return Message.objects.filter(said_in_sight_of(member, "conversation"))


def attachments_visible_to(member: Member) -> QuerySet[Attachment]:
    """But for those of a note that its author removed."""
    return Attachment.objects.filter(said_in_sight_of(member, "message__conversation"), message__removed=None)


def asides_visible_to(member: Member) -> QuerySet[Conversation]:
    return Conversation.objects.filter(seen_by(member, "aside_of"))


def customers_visible_to(member: Member) -> QuerySet[Customer]:
    """Whoever wrote something that `member` may see."""
    return Customer.objects.filter(Exists(visible_to(member).filter(customer=OuterRef("pk"))))


def sees_everything_of(customer: Customer, member: Member) -> bool:
    """Whether nothing this customer ever settled with us is kept from `member`."""
    theirs = Conversation.objects.filter(customer=customer, merged_into=None, aside_of=None)
    return not theirs.exclude(pk__in=visible_to(member).filter(customer=customer)).exists()
