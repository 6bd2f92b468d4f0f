"""Acts of the audit trail as a page and a file show them: with names, and with links where the reader may follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from everyhand.channels.email.models import FromAddress, Mailbox
from everyhand.conversations import sight
from everyhand.conversations.models import Conversation
from everyhand.core.looks import Look
from everyhand.customers.models import Customer, Organization
from everyhand.insights.audit_trail import Act
from everyhand.people.models import Member, SignIn, Team
from everyhand.web import audit_words
from everyhand.web.rows import faces


@dataclass(frozen=True)
class ActShown:
    """`who` is "" when it was nobody who works here; `about` is "" where it is about nothing else."""

    at: datetime
    who: str
    said: str
    about: str
    address: str
    details: str
    ip: str
    browser: str
    refused: bool


@dataclass(frozen=True)
class About:
    label: str
    address: str = ""


def shown(acts: Sequence[Act], reader: Member) -> list[ActShown]:
    """A handful of reads, however many acts there are. What the reader may not see has a number and no words."""
    everybody = {member.pk: member for member in Member.objects.all()}
    names = {pk: member.name for pk, member in everybody.items()}
    things = _abouts({_about(act) for act in acts}, reader, everybody)
    files = _file_names(acts, reader)
    return [_shown(act, names, things, files) for act in acts]


def _shown(act: Act, names: dict[int, str], things: dict[str, About], files: dict[str, str]) -> ActShown:
    who = names.get(_who(act), "")
    about = things.get(_about(act), About(""))
    came = act if isinstance(act, SignIn) else None
    details = files.get(act.part, "") if isinstance(act, Look) else audit_words.details(act, names)
    return ActShown(
        at=act.at,
        who=who,
        said=audit_words.said(act, names),
        about=about.label,
        address=about.address,
        details=details,
        ip=came.ip if came else "",
        browser=came.browser if came else "",
        refused=bool(came and came.outcome == SignIn.Outcome.REFUSED),
    )


def _who(act: Act) -> int:
    """The key of the member whose act it is; 0 when it was somebody unknown, or the shell."""
    if isinstance(act, SignIn):
        return act.member_id or 0
    kind, _colon, key = (act.who if isinstance(act, Look) else act.actor).partition(":")
    return int(key) if kind == "member" and key.isdecimal() else 0


def _about(act: Act) -> str:
    """What it was done to, as `kind:key`; "" for what somebody did about themselves."""
    if isinstance(act, SignIn):
        return ""
    if isinstance(act, Look):
        return act.thing
    return "" if act.subject == act.actor else act.subject


def _abouts(wanted: Iterable[str], reader: Member, everybody: dict[int, Member]) -> dict[str, About]:
    keys: dict[str, list[int]] = defaultdict(list)
    for thing in wanted:
        kind, _colon, key = thing.partition(":")
        if key.isdecimal():
            keys[kind].append(int(key))
    found = {
        **_conversations(keys["conversation"], reader),
        **_customers(keys["customer"], reader),
        **{f"mail:{pk}": About(_("Mail %(number)s") % {"number": pk}) for pk in keys["mail"]},
        **_named(Organization.objects.all(), keys["organization"], "organization"),
        **_named(Mailbox.objects.all(), keys["mailbox"], ""),
        **_named(FromAddress.objects.all(), keys["fromaddress"], ""),
    }
    for pk in keys["member"]:
        found[f"member:{pk}"] = (
            About(everybody[pk].name, reverse("person", args=[pk])) if pk in everybody else About("")
        )
    for team in Team.objects.filter(pk__in=keys["team"]):
        found[f"team:{team.pk}"] = About(team.name, reverse("team", args=[team.slug]))
    return found


def _conversations(keys: list[int], reader: Member) -> dict[str, About]:
    if not keys:
        return {}
    seen = sight.visible_to(reader).select_related("customer").in_bulk(keys)
    if others := [pk for pk in keys if pk not in seen]:
        seen |= sight.asides_visible_to(reader).select_related("customer").in_bulk(others)
    merged = dict(Conversation.objects.filter(pk__in=keys).values_list("pk", "merged_into"))
    people = faces({one.customer_id: one.customer.name for one in seen.values()})
    found = {}
    for pk in keys:
        number, address = {"number": pk}, reverse("conversation", args=[pk])
        if pk in seen:
            about = About(f"{seen[pk].subject or _('(no subject)')} · {people[seen[pk].customer_id].name}", address)
        elif pk not in merged:
            about = About(_("Conversation %(number)s, which was erased") % number)
        elif merged[pk]:
            about = About(_("Conversation %(number)s, which was merged") % number, address)
        else:
            about = About(_("Conversation %(number)s, which you may not see") % number)
        found[f"conversation:{pk}"] = about
    return found


def _customers(keys: list[int], reader: Member) -> dict[str, About]:
    if not keys:
        return {}
    people = faces(dict(sight.customers_visible_to(reader).filter(pk__in=keys).values_list("pk", "name")))
    there = set(Customer.objects.filter(pk__in=keys).values_list("pk", flat=True))
    found = {}
    for pk in keys:
        if pk in people:
            found[f"customer:{pk}"] = About(people[pk].name, reverse("customer", args=[pk]))
        elif pk in there:
            found[f"customer:{pk}"] = About(_("A customer of whom you see nothing"))
        else:
            found[f"customer:{pk}"] = About(_("A customer who was erased"))
    return found


def _named(rows: QuerySet[Any], keys: list[int], page: str) -> dict[str, About]:
    """What has a name of its own, by `kind:key`; `page` is the name of its page, if it has one."""
    return {
        f"{one._meta.model_name}:{one.pk}": About(str(one), reverse(page, args=[one.pk]) if page else "")
        for one in (rows.filter(pk__in=keys) if keys else ())
    }


def _file_names(acts: Sequence[Act], reader: Member) -> dict[str, str]:
    """By `attachment:key`, the names of files that were opened and that the reader may see."""
    parts = [act.part.partition(":") for act in acts if isinstance(act, Look)]
    keys = [int(key) for kind, _colon, key in parts if kind == "attachment"]
    if not keys:
        return {}
    files = sight.attachments_visible_to(reader).filter(pk__in=keys)
    return {f"attachment:{pk}": name for pk, name in files.values_list("pk", "name")}
