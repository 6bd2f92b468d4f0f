"""What Amazon's mail service tells about a mail in JSON (a topic of SNS subscribed by mail)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from everyhand.channels.email.parsing import charsets
from everyhand.channels.email.parsing.bounces import diagnosis
from everyhand.desk.inbound import Bounce

MAX_JSON = 60_000
MAX_TEXT = 1_000


@dataclass(frozen=True, slots=True)
class Notification:
    """`kind` is "bounce", "delay", "feedback-report" or "receipt"; `bounce` is None for the last two."""

    kind: str
    bounce: Bounce | None = None


def read(notice: str) -> Notification | None:
    """The notification that `notice` begins with, or None where it holds something else."""
    start = notice.lstrip()[:MAX_JSON]
    if not start.startswith("{") or ("otificationType" not in start[:200] and "ventType" not in start[:200]):
        return None
    try:
        told, _ = json.JSONDecoder(strict=False).raw_decode(start)
    except (ValueError, RecursionError):
        return None
    return _understood(told) if isinstance(told, dict) else None


def _understood(told: dict[str, object]) -> Notification | None:
    kind = str(told.get("notificationType") or told.get("eventType") or "")
    if kind == "Complaint":
        return Notification("feedback-report")
    if kind == "Delivery":
        return Notification("receipt")
    if kind not in ("Bounce", "DeliveryDelay"):
        return None
    delayed = kind == "DeliveryDelay"
    details = told.get("deliveryDelay" if delayed else "bounce")
    details = details if isinstance(details, dict) else {}
    listed = details.get("delayedRecipients" if delayed else "bouncedRecipients")
    people = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    verdicts = [
        diagnosis.judge((_text(one, "diagnosticCode"),), status=_text(one, "status"), delayed=delayed) for one in people
    ] or [diagnosis.judge(())]
    mail = told.get("mail")
    ids = mail.get("commonHeaders") if isinstance(mail, dict) else None
    return Notification(
        "delay" if delayed else "bounce",
        Bounce(
            addresses=tuple(dict.fromkeys(address for one in people if (address := _text(one, "emailAddress")))),
            status=verdicts[0].status,
            permanent=all(verdict.permanent for verdict in verdicts),
            reason=verdicts[0].reason,
            original_message_id=_text(ids, "messageId") if isinstance(ids, dict) else "",
        ),
    )


def _text(told: dict[str, object], name: str) -> str:
    # JSON can spell out what no database takes: a NUL, half a character.
    value = told.get(name)
    return charsets.storable(value)[:MAX_TEXT] if isinstance(value, str) else ""
