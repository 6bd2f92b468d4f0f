"""Who is told of which fact. Each function takes an entry of the journal and what is known of the things it names, and
gives what follows; `cli.reactions` says which function is for which fact.

They run after the fact, in a transaction of the worker's, so what an entry names may be gone by now: then nobody needs
to hear of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from everyhand.conversations.models import Conversation, Message
from everyhand.core.journal import Entry
from everyhand.notices.known import Known
from everyhand.notices.models import Kind
from everyhand.notices.news import Follows, News, Settled
from everyhand.people.models import Member

WhatFollows = Callable[[Entry, Known], Follows]


def became_mine(entry: Entry, known: Known) -> Follows:
    """A conversation was opened for, or handed to, somebody."""
    owner, before = entry.particulars.get("owner"), entry.particulars.get("before")
    conversation = known.conversation(entry)
    if conversation is None or owner == before or conversation.owner_id != owner:
        return
    yield News(
        [conversation.owner],
        Kind.MINE,
        thing=f"journal:{entry.pk}",
        happened_at=entry.at,
        conversation=conversation,
        by=known.actor(entry),
    )


def customer_wrote(entry: Entry, known: Known) -> Follows:
    """A customer's message came in. The first one of a conversation is told as what it is: a new conversation."""
    message = known.message(entry)
    if message is None:
        return
    if message.conversation.aside_of_id:
        yield _about(message, Kind.ANSWERED, [_asked(message.conversation)], entry, known, aside=True)
    elif not known.is_first(message):
        yield _about(message, Kind.ANSWERED, _interested(message.conversation, known), entry, known)


def colleague_noted(entry: Entry, known: Known) -> Follows:
    message = known.message(entry)
    if message is not None:
        yield _about(message, Kind.NOTE, _interested(message.conversation, known), entry, known)


def colleague_mentioned(entry: Entry, known: Known) -> Follows:
    message = known.message(entry)
    if message is not None:
        yield _about(message, Kind.MENTIONED, known.mentioned(entry), entry, known)


def promise_broke(entry: Entry, known: Known) -> Follows:
    promise = known.promise(entry)
    if promise is None or promise.kept_at or promise.withdrawn_at:
        return
    yield Settled((f"promise:{promise.pk}",))  # that it was about to break
    yield News(
        [promise.owner],
        Kind.PROMISE,
        thing=f"broken:{promise.pk}",
        happened_at=entry.at,
        conversation=promise.conversation,
        particulars={"due_at": promise.due_at.isoformat(), "broken": True},
    )


def promise_ended(entry: Entry, _known: Known) -> Follows:
    """It was kept or withdrawn: nobody need hurry any more."""
    key = entry.particulars["promise"]
    yield Settled((f"promise:{key}", f"broken:{key}"))


def reply_failed(entry: Entry, known: Known) -> Follows:
    """A reply did not reach somebody, and trying again is no use: whoever wrote it and whoever owns it must know."""
    failed = known.delivery(entry)
    if failed is None:
        return
    conversation, author = failed.message.conversation, failed.message.author_member
    if conversation.aside_of:
        conversation, author = conversation.aside_of, _asked(conversation)
    yield News(
        [conversation.owner, *([author] if author else [])],
        Kind.CAME_BACK,
        thing=f"delivery:{failed.pk}",
        happened_at=entry.at,
        conversation=conversation,
        particulars={
            "address": failed.address,
            "status": entry.particulars.get("status", ""),
            "reason": failed.answer.rpartition("\n")[2],  # the last word on it
        },
    )


def mail_waits(entry: Entry, known: Known) -> Follows:
    """A mail is held or in quarantine: those who look after mail decide; of a private team's, its members."""
    team = entry.particulars.get("team")
    yield News(
        known.looking_after_mail_of(team),
        Kind.HELD,
        thing=entry.subject,
        happened_at=entry.at,
        particulars={"why": entry.particulars.get("why", ""), "team": team},
    )


def mail_settled(entry: Entry, _known: Known) -> Follows:
    yield Settled((entry.subject,))


def mailbox_in_trouble(entry: Entry, known: Known) -> Follows:
    yield _trouble(entry, known, "mailbox", address=entry.particulars["address"], trouble=entry.particulars["trouble"])


def disk_short(entry: Entry, known: Known) -> Follows:
    yield _trouble(entry, known, "disk", percent=entry.particulars["percent"], megabytes=entry.particulars["free_mb"])


def mail_to_colleague_paused(entry: Entry, known: Known) -> Follows:
    member = known.member(entry.subject)
    if member is not None:
        yield _trouble(entry, known, "member", address=member.email, name=member.name)


def mailbox_is_well(entry: Entry, _known: Known) -> Follows:
    yield _earlier("mailbox.troubled", entry)


def disk_well(entry: Entry, _known: Known) -> Follows:
    yield _earlier("disk.short", entry)


def _about(
    message: Message, kind: Kind, members: Sequence[Member], entry: Entry, known: Known, **particulars: object
) -> News:
    return News(
        members,
        kind,
        thing=f"message:{message.pk}",
        happened_at=entry.at,
        conversation=message.conversation.aside_of or message.conversation,
        message=message,
        by=known.actor(entry),
        particulars=particulars,
    )


def _asked(aside: Conversation) -> Member:
    """Whoever asked, or when they are not here any more, whoever answers for what they asked beside."""
    beside = aside.aside_of
    return aside.owner if aside.owner.is_active or beside is None else beside.owner


def _interested(conversation: Conversation, known: Known) -> list[Member]:
    """Its owner, and whoever follows it."""
    return [conversation.owner, *known.followers(conversation)]


def _trouble(entry: Entry, known: Known, what: str, **particulars: object) -> News:
    """For those who can do something about it; each time it begins is a thing of its own."""
    thing = f"{entry.subject}:{entry.pk}"
    return News(known.admins, Kind.TROUBLE, thing, entry.at, particulars={"what": what, **particulars})


def _earlier(action: str, entry: Entry) -> Settled:
    """What was told of the same thing when it was in trouble needs nobody any more."""
    earlier = Entry.objects.filter(action=action, subject=entry.subject, pk__lt=entry.pk).order_by("-pk")
    return Settled(tuple(f"{entry.subject}:{pk}" for pk in earlier.values_list("pk", flat=True)[:20]))
