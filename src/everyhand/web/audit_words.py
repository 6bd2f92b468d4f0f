"""The acts of the audit trail as sentences in the reader's language; who did it stands beside, so none names it."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from everyhand.core.journal import Entry
from everyhand.core.looks import Look
from everyhand.insights.audit_trail import Act, Kind
from everyhand.people.models import Role, SignIn

DONE = {
    "aside.asked": _("asked somebody aside"),
    "audit_trail.handed_out": _("took a copy of the audit trail away"),
    "canned_reply.kept": _("saved a canned reply"),
    "canned_reply.removed": _("removed a canned reply"),
    "canned_reply.restored": _("brought a canned reply back"),
    "conversation.assigned": _("handed it over to %(owner)s"),
    "conversation.closed": _("closed it"),
    "conversation.fell_asleep": _("put it off"),
    "conversation.followed": _("made %(member)s follow it"),
    "conversation.linked": _("linked it with conversation %(other)s"),
    "conversation.merged": _("merged it into conversation %(kept)s"),
    "conversation.reopened": _("opened it again"),
    "conversation.split": _("split it; the rest is conversation %(new)s"),
    "conversation.stands_alone": _("took it out of conversation %(kept)s again"),
    "conversation.tagged": _("changed its tags"),
    "conversation.taken_up": _("took it up again"),
    "conversation.unlinked": _("took the link with conversation %(other)s away"),
    "conversation.unfollowed": _("stopped following it"),
    "conversation.waits": _("let it wait for the customer"),
    "conversation.written_down": _("wrote down what a customer said"),
    "customer.address_given": _("added an address of the customer"),
    "customer.described": _("changed what we know about them"),
    "customer.erasure_asked": _("asked for everything about them to be erased"),
    "customer.erasure_called_off": _("called their erasure off"),
    "customer.exported": _("took a copy of everything about them away"),
    "customer.merged": _("joined another customer with them"),
    "customer.unmerged": _("parted another customer from them"),
    "demo.asked_to_come": _("let the demo company in, to look around"),
    "demo.asked_to_go": _("took the demo company away"),
    "device.added": _("is told by push on one more device"),
    "device.removed": _("is not told by push on one device any more"),
    "escalation.acknowledged": _("said that they act"),
    "escalation.ended": _("ended the escalation"),
    "escalation.raised": _("escalated it"),
    "from_address.kept": _("saved the from-address"),
    "from_address.removed": _("removed the from-address"),
    "invitation.made": _("invited people"),
    "invitation.revoked": _("withdrew an invitation"),
    "ladder.kept": _("changed whom the ladder pages"),
    "ladder.removed": _("took the team’s own ladder away"),
    "mail.decided": _("decided about a held mail"),
    "mail.tried_again": _("let a mail be tried again"),
    "mailbox.added": _("added the address"),
    "mailbox.connected": _("connected the mailbox"),
    "mailbox.disconnected": _("disconnected the mailbox"),
    "mailbox.paused": _("stopped fetching the mailbox"),
    "mailbox.receiver_chosen": _("chose whose findings are believed for the mailbox"),
    "mailbox.removed": _("removed the address"),
    "mailbox.renewed": _("renewed the password or permission of the mailbox"),
    "mailbox.resumed": _("fetches the mailbox again"),
    "member.added": _("added a colleague"),
    "member.changed": _("changed what stands about them"),
    "member.disabled": _("closed the door: they can't sign in any more"),
    "member.enabled": _("let them in again"),
    "member.hours_set": _("set their working hours"),
    "member.joined": _("came in by an invitation"),
    "message.sent": _("wrote a reply"),
    "message.taken_back": _("took a reply back"),
    "note.changed": _("changed a note"),
    "note.removed": _("removed a note"),
    "note.restored": _("brought a note back"),
    "note.written": _("wrote a note"),
    "notice_mail.resumed": _("switched their notice mail on again"),
    "organization.kept": _("saved the organization"),
    "ownership.fallback_set": _("made them answer for everything else"),
    "ownership.rule_added": _("added a rule to the ownership map"),
    "ownership.rule_changed": _("changed a rule of the ownership map"),
    "ownership.rule_moved": _("moved a rule of the ownership map"),
    "ownership.rule_removed": _("removed a rule of the ownership map"),
    "ownership.rule_restored": _("brought a rule of the ownership map back"),
    "participant.approved": _("let somebody take part"),
    "participant.declined": _("left somebody out"),
    "password.changed": _("has a new password"),
    "promises.set": _("set what we promise"),
    "saved_view.kept": _("saved a view"),
    "saved_view.removed": _("removed a view"),
    "saved_view.restored": _("brought a view back"),
    "second_factor.added": _("added to how they sign in: %(factor)s"),
    "second_factor.removed": _("removed from how they sign in: %(factor)s"),
    "second_factor.renewed": _("renewed of how they sign in: %(factor)s"),
    "sign_in_link.made": _("made a one-time link for them"),
    "sign_in_link.used": _("used a one-time link"),
    "tag.changed": _("changed a tag"),
    "tag.deleted": _("deleted a tag"),
    "tag.merged": _("merged a tag into another"),
    "tag.restored": _("took back what was done to a tag"),
    "team.kept": _("saved the team"),
}
# By what was seen, or by the part of it.
SEEN = {
    "ahead": _("stopped in a list at the conversation"),
    "attachment": _("opened a file of it"),
    "conversation": _("read the conversation"),
    "customer": _("opened the page of the customer"),
    "mail": _("opened a held mail"),
    "message": _("opened an original mail of it"),
    "rawmail": _("opened a held mail as it came"),
}
CAME = {
    SignIn.Outcome.CAME_IN: _("signed in: %(way)s"),
    SignIn.Outcome.REFUSED: _("was refused: %(way)s"),
    SignIn.Outcome.WENT_OUT: _("signed out"),
    SignIn.Outcome.ENDED: _("signed out elsewhere"),
}
WAYS = {
    "code": _("a code by mail"),
    "company": _("the company's own sign-in"),
    "invitation": _("an invitation"),
    "link": _("a one-time link"),
    "passkey": _("a passkey"),
    "password": _("a password"),
    "recovery_codes": _("a recovery code"),
    "totp": _("an authenticator app"),
    "webauthn": _("a passkey"),
}
FIELDS = {
    "away_until": _("away until"),
    "email": _("address"),
    "language": _("language"),
    "name": _("name"),
    "picture": _("picture"),
    "role": _("role"),
    "signature": _("signature"),
    "time_zone": _("time zone"),
    "title": _("what they do here"),
}


def kinds() -> list[tuple[str, str]]:
    return [
        (Kind.SEEN, gettext("What was seen")),
        (Kind.SERVED, gettext("What was done in conversations")),
        (Kind.CUSTOMERS, gettext("What was done about customers")),
        (Kind.SIGNED_IN, gettext("Signing in")),
        (Kind.SET_UP, gettext("What was set up")),
    ]


def said(act: Act, names: Mapping[int, str]) -> str:
    """What they did; `names` of members by their key."""
    if isinstance(act, Look):
        return gettext(SEEN[(act.part or act.thing).partition(":")[0]])
    if isinstance(act, SignIn):
        return gettext(CAME[SignIn.Outcome(act.outcome)]) % {"way": _ways(act.way)}
    told = act.particulars
    return gettext(DONE[act.action]) % {
        "owner": names.get(told.get("owner", 0), gettext("somebody")),
        "member": names.get(told.get("member", 0), gettext("somebody")),
        "kept": told.get("kept", ""),
        "new": told.get("new", ""),
        "other": told.get("other", ""),
        "factor": _ways(str(told.get("kind", ""))),
    }


def details(act: Act, names: Mapping[int, str]) -> str:
    """What else is known about it: often ""."""
    if isinstance(act, Look):
        return ""
    if isinstance(act, SignIn):
        return ngettext("%(num)d time", "%(num)d times", act.times) % {"num": act.times} if act.times > 1 else ""
    if act.action == "member.changed":
        return _fields(act)
    if act.action == "mailbox.removed":
        return str(act.particulars.get("address", ""))
    if act.action == "team.kept":
        return _people(act, names)
    return _role(str(act.particulars.get("role", ""))) if act.action == "invitation.made" else ""


def _ways(way: str) -> str:
    return ", ".join(gettext(WAYS[one]) for one in way.split() if one in WAYS)


def _fields(entry: Entry) -> str:
    fields = [gettext(FIELDS[one]) for one in entry.particulars.get("fields", []) if one in FIELDS and one != "role"]
    before, after = (_role(str(one)) for one in entry.particulars.get("role", ["", ""]))
    return ", ".join([*([f"{before} → {after}"] if after else []), *fields])


def _people(entry: Entry, names: Mapping[int, str]) -> str:
    told = entry.particulars
    lists = (
        (gettext("new: %(names)s"), told.get("came", [])),
        (gettext("no longer: %(names)s"), told.get("gone", [])),
        (gettext("led by %(names)s"), told.get("leads", [])),
    )
    return "; ".join(
        words % {"names": ", ".join(names.get(one, gettext("somebody")) for one in keys)}
        for words, keys in lists
        if keys
    )


def _role(role: str) -> str:
    return str(Role(role).label) if role in Role.values else ""
