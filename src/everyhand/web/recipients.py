"""Whom a reply goes to: everybody who takes part, unless its writer types others into the form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from everyhand.channels.email import queries
from everyhand.channels.email.outbound import letter
from everyhand.conversations import taking_part
from everyhand.conversations.models import Conversation
from everyhand.conversations.taking_part import Addressee, Addressees
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.people.models import Member

# More of them is a newsletter.
AT_MOST: Final = 20
TYPED_AT_MOST: Final = 5_000  # characters


@dataclass(frozen=True)
class NotUnderstood(Exception):
    """`wrong` are sentences by field, "to" and "cc"."""

    wrong: Mapping[str, str]


@dataclass(frozen=True)
class RecipientsShown:
    """The two fields as they stand in the form, what is wrong with them, and whether others than usual are in them."""

    to: str
    cc: str
    chosen: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> list[tuple[str, bool]]:
        """Each as one reads it, and whether they only get a copy."""
        return [(one, False) for one in _pieces(self.to)] + [(one, True) for one in _pieces(self.cc)]


def typed(request: HttpRequest, conversation: Conversation) -> dict[str, str]:
    """What the form says in "to" and "cc"; {} when it is what stands there anyway, or the form has no such fields."""
    if "to" not in request.POST:
        return {}
    said = {role: request.POST.get(role, "").replace("\0", "")[:TYPED_AT_MOST] for role in ("to", "cc")}
    usual = as_typed(taking_part.addressees(conversation))
    return {} if all(_pieces(said[role]) == _pieces(usual[role]) for role in said) else said


def as_typed(addressees: Addressees) -> dict[str, str]:
    return {
        "to": ", ".join(address for address, _name in addressees.to),
        "cc": ", ".join(address for address, _name in addressees.cc),
    }


def understood(said: Mapping[str, str], conversation: Conversation) -> Addressees:
    """Whom the writer means. Raises `NotUnderstood`."""
    known = {address.casefold(): name for address, name in taking_part.addressees(conversation).everybody}
    wrong: dict[str, str] = {}
    found: dict[str, list[Addressee]] = {"to": [], "cc": []}
    for role, people in found.items():
        for piece in _pieces(said[role]):
            name, address = _person(piece)
            if not letter.is_address(address) or "@" not in address:
                wrong.setdefault(
                    role, _("“%(words)s” is no mail address. Write one like ada@example.org.") % {"words": piece[:80]}
                )
            people.append((address, name or known.get(address.casefold(), "")))
    chosen = Addressees(found["to"], found["cc"])
    if not wrong:
        wrong = _not_here(chosen, conversation)
    if wrong:
        raise NotUnderstood(wrong)
    return chosen


def _not_here(chosen: Addressees, conversation: Conversation) -> dict[str, str]:
    """What can't be, although every address is one."""
    addresses = {role: [address for address, _name in some] for role, some in (("to", chosen.to), ("cc", chosen.cc))}
    every = [*addresses["to"], *addresses["cc"]]
    if len(chosen.everybody) > AT_MOST:
        return {"cc": _("Write to %(num)d people at most.") % {"num": AT_MOST}}
    colleagues = {one.email: one.name for one in Member.objects.filter(email__in=[normalised(one) for one in every])}
    ours = set(queries.ours(every))
    for role, some in addresses.items():
        for address in some:
            if name := colleagues.get(normalised(address)):
                return {role: _("%(name)s is a colleague. Call them in with @ in a note.") % {"name": name}}
            if address in ours:
                return {
                    role: _("%(address)s is an address of ours: the reply would come back to us.")
                    % {"address": address}
                }
    theirs = Identity.objects.filter(customer=conversation.customer, kind=Identity.EMAIL)
    if not theirs.filter(value__in=[normalised(one) for one in addresses["to"]]).exists() and theirs.exists():
        return {
            "to": _("A reply goes to %(name)s: leave at least one of their addresses in here.")
            % {"name": conversation.customer.name or _("the customer")}
        }
    return {}


def _pieces(words: str) -> list[str]:
    """Addresses are divided by commas, semicolons and lines; a comma within quotation marks belongs to a name."""
    return [piece.strip() for piece in re.findall(r'(?:"[^"\n]*"|[^,;\n"])+', words) if piece.strip()]


def _person(piece: str) -> tuple[str, str]:
    found = re.fullmatch(r"(.*?)\s*<([^<>]*)>", piece)
    return (found[1].strip(' "'), found[2].strip()) if found else ("", piece)


def shown(said: Mapping[str, str], usual: Addressees, *, wrong: Mapping[str, str]) -> RecipientsShown:
    """`said` is what the draft has of it, {} for what is usual."""
    fields = said or as_typed(usual)
    return RecipientsShown(fields["to"], fields["cc"], chosen=bool(said), wrong=wrong)


def left_out(chosen: Addressees | None, conversation: Conversation, *, and_later: bool) -> Sequence[str]:
    """Who gets replies otherwise and is not among the `chosen`, if they are to be left out later, too."""
    if chosen is None or not and_later:
        return []
    staying = {address.casefold() for address, _name in chosen.everybody}
    usual = taking_part.addressees(conversation).everybody
    return [address for address, _name in usual if address.casefold() not in staying]
