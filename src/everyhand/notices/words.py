"""Notices in whole sentences, in the active language: what happened, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from everyhand.conversations import subjects
from everyhand.notices.models import Kind, Notice


def what_happened(notice: Notice) -> str:
    """One sentence without its full stop. Reads `by`, `message` and its author."""
    words = {"who": _who(notice), **_strings(notice)}
    match Kind(notice.kind):
        case Kind.MENTIONED:
            sentence = _("%(who)s mentions you")
        case Kind.MINE:
            sentence = _("%(who)s handed this conversation to you") if notice.by else _("A new conversation is yours")
        case Kind.ANSWERED if notice.particulars.get("aside"):
            sentence = _("%(who)s answered what you asked aside")
        case Kind.ANSWERED:
            sentence = _("%(who)s wrote")
        case Kind.NOTE:
            sentence = _("%(who)s wrote a note")
        case Kind.PAGED:
            missing = _("You are paged: a promised answer is missing")
            sentence = _("%(who)s needs you: somebody must act now") if notice.by else missing
        case Kind.PROMISE:
            broken = notice.particulars.get("broken")
            soon = _("A promised answer is due soon")
            sentence = _("The time we promised passed without an answer") if broken else soon
        case Kind.CAME_BACK:
            sentence = _("A reply did not reach %(address)s")
        case Kind.HELD:
            sentence = _("A mail waits for a decision") if notice.particulars.get("why") else _("A mail can't be read")
        case _trouble:
            sentence = _in_trouble(str(notice.particulars["what"]))
    return sentence % words


def what_to_do(notice: Notice) -> str:
    """What the reader can do about it, in sentences; "" where that goes without saying."""
    broken, troubled = notice.particulars.get("broken"), notice.particulars.get("what")
    match Kind(notice.kind):
        case Kind.PROMISE:
            in_time = _("Answer in time, or hand the conversation over to somebody who can.")
            advice = _("Answer now, even if it is only to say when you will know more.") if broken else in_time
        case Kind.PAGED:
            advice = _("Say “I act” in the conversation, or answer. Until somebody does, the next ones are paged.")
        case Kind.CAME_BACK:
            advice = _after_a_bounce(str(notice.particulars.get("status", "")))
        case Kind.HELD:
            advice = _("Until somebody looks at it, nobody answers its sender.")
        case Kind.TROUBLE if troubled == "disk":
            advice = _("Make room: when it is full, mail is asked to come later, and nothing can be written.")
        case Kind.TROUBLE if troubled == "member":
            advice = _("They hear nothing by mail until their address is right and mail to them is switched on again.")
        case Kind.TROUBLE:
            advice = _("Mend it soon: what customers write there reaches nobody until then.")
        case _never:
            advice = ""
    return advice


def said(notice: Notice) -> str:
    """What a server or program said about it, in its own words; often ""."""
    return str(notice.particulars.get("reason") or notice.particulars.get("trouble") or "")


def subject(notice: Notice) -> str:
    """The subject of the conversation it is about, without any "Re:"; "" when it is about none."""
    if notice.conversation is None:
        return ""
    return subjects.bare(notice.conversation.subject) or _("(no subject)")


def customer(notice: Notice) -> str:
    """Whom that conversation is with: their name, or their address; "" when it is about none."""
    return str(notice.conversation.customer) if notice.conversation else ""


def _in_trouble(what: str) -> str:
    match what:
        case "member":
            return _("Mail to %(name)s comes back")
        case "disk":
            return _("The disk is nearly full: %(percent)s %% are free")
        case _mailbox:
            return _("No mail comes in for %(address)s")


def _after_a_bounce(status: str) -> str:
    """By the enhanced status code of RFC 3463 section 3: its second number says what it is about."""
    about = status.split(".")[1] if status.count(".") == 2 else ""
    advice = {
        "1": _("There is no such address. Look for a slip in it, or reach the customer another way."),
        "2": _("Their mailbox takes no mail, perhaps because it is full. Reach the customer another way."),
        "3": _("Their mail server could not take it. A shorter mail, or one without files, may get through."),
        "7": _("Their mail server does not want our mail. Ask whoever looks after your mail server to find out why."),
    }
    return advice.get(about, _("Look at the address, and reach the customer another way if it is right."))


def _who(notice: Notice) -> str:
    if notice.by:
        return notice.by.name
    return (notice.message.author if notice.message else "") or _("Somebody")


def _strings(notice: Notice) -> dict[str, str]:
    return {name: str(value) for name, value in notice.particulars.items()}
