"""What of a message from outside is kept with it, and what the ownership map may look at."""

from __future__ import annotations

from everyhand.conversations.saying import Upload
from everyhand.desk.inbound import Address, Inbound
from everyhand.routing.decide import Hints


def hints(inbound: Inbound) -> Hints:
    """What the ownership map may look at in this message: its own words before quoted ones."""
    return Hints(
        recipients=inbound.recipients,
        sender=inbound.sender.email,
        subject=inbound.subject,
        text=inbound.reply or inbound.text,
    )


def files(inbound: Inbound) -> list[Upload]:
    """What is attached to it."""
    return [Upload(file.name, file.type, file.content, file.content_id, file.inline) for file in inbound.files]


def words(inbound: Inbound) -> dict[str, object]:
    """The fields of the `Message` it becomes, each within its bounds."""
    return {
        "author_name": inbound.sender.name[:300],
        "subject": inbound.subject[:1000],
        "text": inbound.text,
        "reply": inbound.reply,
        "quoted": inbound.quoted,
        "html": inbound.html,
        "message_id": inbound.message_id[:1000],
        "in_reply_to": next(iter(inbound.in_reply_to), "")[:1000],
        "references": list(inbound.references[-50:]),
        "recipients": [_recipient(one, "to") for one in inbound.to] + [_recipient(one, "cc") for one in inbound.cc],
        "remarks": list(inbound.remarks),
        "verdict": inbound.verdict.as_json(),
        "sent_at": inbound.sent_at,
    }


def _recipient(address: Address, role: str) -> dict[str, str]:
    return {"name": address.name[:300], "email": address.email[:320], "as": role}
