"""Who is told of which fact. Each function takes one entry of the journal; `cli.reactions` says which.

They run after the fact, in a transaction of the worker's, so what an entry names may be gone by now: then nobody needs
to hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core.journal import Entry
from everyhand.notices import queries
from everyhand.notices.actions import settle, tell
from everyhand.notices.models import Kind
from everyhand.people.models import Member, Role
from everyhand.promises.models import Promise


def became_mine(entry: Entry, at: datetime) -> None:
    """A conversation was opened for, or handed to, somebody."""
    owner, before = entry.particulars.get("owner"), entry.particulars.get("before")
    conversation = _conversation(entry)
    if conversation is None or owner == before or conversation.owner_id != owner:
        return
    tell(
        [conversation.owner],
        Kind.MINE,
        thing=f"journal:{entry.pk}",
        happened_at=entry.at,
        at=at,
        conversation=conversation,
        by=_actor(entry),
    )


def customer_wrote(entry: Entry, at: datetime) -> None:
    """A customer's message came in. The first one of a conversation is told as what it is: a new conversation."""
    message = _message(entry)
    if message is None:
        return
    if message.conversation.aside_of_id:
        _tell_about(message, Kind.ANSWERED, [_asked(message.conversation)], entry, at, aside=True)
        return
    earlier = Message.objects.filter(conversation=message.conversation_id, pk__lt=message.pk)
    if earlier.exists():
        _tell_about(message, Kind.ANSWERED, _interested(message.conversation), entry, at)


def colleague_noted(entry: Entry, at: datetime) -> None:
    message = _message(entry)
    if message is not None:
        _tell_about(message, Kind.NOTE, _interested(message.conversation), entry, at)


def colleague_mentioned(entry: Entry, at: datetime) -> None:
    message = _message(entry)
    if message is not None:
        named = Member.objects.filter(pk__in=entry.particulars["members"])
        _tell_about(message, Kind.MENTIONED, named, entry, at)


def promise_broke(entry: Entry, at: datetime) -> None:
    promise = Promise.objects.select_related("conversation", "owner").filter(pk=entry.particulars["promise"]).first()
    if promise is None or promise.kept_at or promise.withdrawn_at:
        return
    settle(f"promise:{promise.pk}", at=at)  # that it was about to break
    tell(
        [promise.owner],
        Kind.PROMISE,
        thing=f"broken:{promise.pk}",
        happened_at=entry.at,
        at=at,
        conversation=promise.conversation,
        due_at=promise.due_at.isoformat(),
        broken=True,
    )


def promise_ended(entry: Entry, at: datetime) -> None:
    """It was kept or withdrawn: nobody need hurry any more."""
    key = entry.particulars["promise"]
    settle(f"promise:{key}", f"broken:{key}", at=at)


def reply_failed(entry: Entry, at: datetime) -> None:
    """A reply did not reach somebody, and trying again is no use: whoever wrote it and whoever owns it must know."""
    key = entry.particulars["delivery"]
    delivery = Delivery.objects.select_related("message__conversation__owner", "message__author_member")
    failed = delivery.filter(pk=key).first()
    if failed is None:
        return
    conversation, author = failed.message.conversation, failed.message.author_member
    if conversation.aside_of:
        conversation, author = conversation.aside_of, _asked(conversation)
    tell(
        [conversation.owner, *([author] if author else [])],
        Kind.CAME_BACK,
        thing=f"delivery:{key}",
        happened_at=entry.at,
        at=at,
        conversation=conversation,
        address=failed.address,
        status=entry.particulars.get("status", ""),
        reason=failed.answer.rpartition("\n")[2],  # the last word on it
    )


def mail_waits(entry: Entry, at: datetime) -> None:
    """A mail is held or in quarantine: those who look after mail decide; of a private team's, its members."""
    tell(
        _looking_after_mail_of(entry.particulars.get("team")),
        Kind.HELD,
        thing=entry.subject,
        happened_at=entry.at,
        at=at,
        why=entry.particulars.get("why", ""),
        team=entry.particulars.get("team"),
    )


def mail_settled(entry: Entry, at: datetime) -> None:
    settle(entry.subject, at=at)


def mailbox_in_trouble(entry: Entry, at: datetime) -> None:
    tell(
        _admins(),
        Kind.TROUBLE,
        thing=f"{entry.subject}:{entry.pk}",
        happened_at=entry.at,
        at=at,
        what="mailbox",
        address=entry.particulars["address"],
        trouble=entry.particulars["trouble"],
    )


def disk_short(entry: Entry, at: datetime) -> None:
    tell(
        _admins(),
        Kind.TROUBLE,
        thing=f"{entry.subject}:{entry.pk}",
        happened_at=entry.at,
        at=at,
        what="disk",
        percent=entry.particulars["percent"],
        megabytes=entry.particulars["free_mb"],
    )


def mailbox_is_well(entry: Entry, at: datetime) -> None:
    _settle_earlier("mailbox.troubled", entry, at)


def disk_well(entry: Entry, at: datetime) -> None:
    _settle_earlier("disk.short", entry, at)


def mail_to_colleague_paused(entry: Entry, at: datetime) -> None:
    member = _member(entry.subject)
    if member is not None:
        tell(
            _admins(),
            Kind.TROUBLE,
            thing=f"member:{member.pk}:{entry.pk}",
            happened_at=entry.at,
            at=at,
            what="member",
            address=member.email,
            name=member.name,
        )


def _settle_earlier(action: str, entry: Entry, at: datetime) -> None:
    """What was told of the same thing when it was in trouble needs nobody any more."""
    earlier = Entry.objects.filter(action=action, subject=entry.subject, pk__lt=entry.pk)
    settle(*(f"{entry.subject}:{pk}" for pk in earlier.order_by("-pk").values_list("pk", flat=True)[:20]), at=at)


def _tell_about(
    message: Message, kind: Kind, members: Iterable[Member], entry: Entry, at: datetime, **particulars: object
) -> None:
    tell(
        members,
        kind,
        thing=f"message:{message.pk}",
        happened_at=entry.at,
        at=at,
        conversation=message.conversation.aside_of or message.conversation,
        message=message,
        by=_actor(entry),
        **particulars,
    )


def _asked(aside: Conversation) -> Member:
    """Whoever asked, or when they are not here any more, whoever answers for what they asked beside."""
    beside = aside.aside_of
    return aside.owner if aside.owner.is_active or beside is None else beside.owner


def _interested(conversation: Conversation) -> list[Member]:
    """Its owner, and whoever follows it."""
    return [conversation.owner, *Member.objects.filter(followed__conversation=conversation)]


def _looking_after_mail_of(team: int | None) -> list[Member]:
    return [one for one in Member.objects.filter(is_active=True) if queries.may_look_after(one, team)]


def _admins() -> list[Member]:
    return list(Member.objects.filter(is_active=True, role=Role.ADMIN))


def _actor(entry: Entry) -> Member | None:
    return _member(entry.actor)


def _member(reference: str) -> Member | None:
    kind, _colon, key = reference.partition(":")
    return Member.objects.filter(pk=key).first() if kind == "member" and key.isdecimal() else None


def _conversation(entry: Entry) -> Conversation | None:
    key = entry.subject.partition(":")[2]
    return Conversation.objects.select_related("owner").filter(pk=key).first()


def _message(entry: Entry) -> Message | None:
    rows = Message.objects.select_related("conversation__owner")
    return rows.filter(pk=entry.particulars["message"]).first()
