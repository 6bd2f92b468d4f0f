"""The signed tokens by which our own mail is recognised when something comes back to it.

Five places carry one, each signed with a key of its own so that none can be made from another:

- the reply address, `help+42-SIGNATURE@example.com`, names a conversation;
- the Message-ID, `<31-SIGNATURE@example.com>`, names a message;
- the return path, `help+b7-SIGNATURE@example.com`, names a delivery, and only bounces go there (RFC 3834, VERP);
- the reply address of a notice, `help+n9-SIGNATURE@example.com`, names what one member was told;
- the return path of notices, `help+m7-SIGNATURE@example.com`, names that member.

A signature is 128 bits; a local part stays under the 64 characters of RFC 5321 section 4.5.3.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from everyhand.conversations import queries
from everyhand.conversations.models import Conversation, Delivery, Message
from everyhand.core import tokens
from everyhand.notices.models import Notice
from everyhand.people.models import Member

NOTHING_KNOWN: Final[Mapping[int, Conversation]] = MappingProxyType({})

_REPLY = re.compile(r"(?P<box>[^+@]+)\+(?P<id>\d{1,18})-(?P<signature>[a-z2-7]{26})@(?P<domain>[^@]+)", re.IGNORECASE)
_RETURN = re.compile(r"(?P<box>[^+@]+)\+b(?P<id>\d{1,18})-(?P<signature>[a-z2-7]{26})@(?P<domain>[^@]+)", re.IGNORECASE)
_NOTICE = re.compile(r"(?P<box>[^+@]+)\+n(?P<id>\d{1,18})-(?P<signature>[a-z2-7]{26})@(?P<domain>[^@]+)", re.IGNORECASE)
_MEMBER = re.compile(r"(?P<box>[^+@]+)\+m(?P<id>\d{1,18})-(?P<signature>[a-z2-7]{26})@(?P<domain>[^@]+)", re.IGNORECASE)
_MESSAGE = re.compile(r"(?P<id>\d{1,18})-(?P<signature>[a-z2-7]{26})@(?P<domain>[^@]+)", re.IGNORECASE)


def reply_address(conversation: Conversation, *, sent_from: str = "") -> str:
    """Where answers to `conversation` go: the address of ours that writes, with a tag. The tag stays the same for the
    whole conversation, so address books keep one.
    """
    signature = tokens.sign("reply-address", f"{conversation.pk}:{conversation.secret}")
    return _tagged(sent_from or conversation.address, f"{conversation.pk}-{signature}")


def return_path(delivery: Delivery) -> str:
    """The envelope sender of one delivery, in the domain that `From` names, as SPF and DMARC want it."""
    return _tagged(delivery.message.sent_from, f"b{delivery.pk}-{tokens.sign('return-path', str(delivery.pk))}")


def message_id(message_pk: int, address: str) -> str:
    """The Message-ID, without angle brackets, of our message with this primary key."""
    return f"{message_pk}-{tokens.sign('message-id', str(message_pk))}@{address.partition('@')[2] or 'localhost'}"


def proven_conversation(recipients: Iterable[str], message_ids: Iterable[str]) -> int | None:
    """The id of the conversation a mail proves to know: by one of its recipients, else by a Message-ID of ours among
    those it answers or refers to (the last one first: that is what was answered).
    """
    proven, _refused = reply_tokens(recipients)
    return proven or answered_conversation(message_ids)


def named_conversations(recipients: Iterable[str]) -> list[int]:
    """The conversations that addresses like reply addresses name, whoever signed them."""
    found = [_REPLY.fullmatch(recipient.strip()) for recipient in recipients]
    return [int(one["id"]) for one in found if one]


def reply_tokens(
    recipients: Iterable[str], known: Mapping[int, Conversation] = NOTHING_KNOWN
) -> tuple[int | None, int]:
    """The conversation whose reply address is the first among `recipients`, and how many of them look like one but
    carry a signature that is not ours: guesses, or what remains of addresses whose secret was changed. The address of a
    conversation that was merged leads to the kept one. Those that are `known` are not looked up.
    """
    proven, refused = None, 0
    for recipient in recipients:
        found = _REPLY.fullmatch(recipient.strip())
        if found:
            named = known.get(int(found["id"])) or Conversation.objects.filter(pk=int(found["id"])).first()
            if named and tokens.is_signed("reply-address", f"{named.pk}:{named.secret}", found["signature"]):
                proven = proven or (queries.kept_of(named.merged_into_id) if named.merged_into_id else named.pk)
            else:
                refused += 1
    return proven, refused


def answered_conversation(message_ids: Iterable[str]) -> int | None:
    """The conversation of the last of these Message-IDs that is one of ours."""
    for one in reversed(list(message_ids)):
        found = _MESSAGE.fullmatch(one.strip())
        if found and tokens.is_signed("message-id", found["id"], found["signature"]):
            message = Message.objects.filter(pk=int(found["id"])).only("conversation_id").first()
            if message:
                return message.conversation_id
    return None


def returned_delivery(recipients: Iterable[str]) -> int | None:
    """The id of the delivery whose return path is among `recipients` with a signature of ours."""
    for recipient in recipients:
        found = _RETURN.fullmatch(recipient.strip())
        if found and tokens.is_signed("return-path", found["id"], found["signature"]):
            return int(found["id"])
    return None


def without_token(address: str) -> str:
    """The address as people know it."""
    found = _REPLY.fullmatch(address.strip())
    return f"{found['box']}@{found['domain']}" if found else address


def notice_address(notice: Notice, address: str) -> str:
    """Where a member answers a notice; `address` is the mailbox it is sent from."""
    return _tagged(address, f"n{notice.pk}-{tokens.sign('notice', f'{notice.pk}:{notice.member_id}')}")


def answered_notice(recipients: Iterable[str]) -> Notice | None:
    """The notice whose reply address is among `recipients` with a signature of ours, if it still exists."""
    for recipient in recipients:
        found = _NOTICE.fullmatch(recipient.strip())
        notice = Notice.objects.select_related("member").filter(pk=int(found["id"])).first() if found else None
        if found and notice and tokens.is_signed("notice", f"{notice.pk}:{notice.member_id}", found["signature"]):
            return notice
    return None


def notice_return_path(member: Member, address: str) -> str:
    """The envelope sender of notices to `member`, worthless once they have another address."""
    return _tagged(address, f"m{member.pk}-{tokens.sign('notice-return', f'{member.pk}:{member.email}')}")


def member_not_reached(recipients: Iterable[str]) -> Member | None:
    """The member whose notices a report is about that came to these `recipients`."""
    for recipient in recipients:
        found = _MEMBER.fullmatch(recipient.strip())
        member = Member.objects.filter(pk=int(found["id"])).first() if found else None
        if found and member and tokens.is_signed("notice-return", f"{member.pk}:{member.email}", found["signature"]):
            return member
    return None


def _tagged(address: str, tag: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local.partition('+')[0]}+{tag}@{domain or 'localhost'}"
