"""Whom a message goes to: everybody who takes part, unless its writer types others into the form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from everyhand.channels.email import queries
from everyhand.channels.email.outbound import letter
from everyhand.conversations import asides, taking_part
from everyhand.conversations.models import Conversation
from everyhand.conversations.taking_part import Addressee, Addressees
from everyhand.customers.actions import normalised
from everyhand.customers.models import Identity
from everyhand.people.models import Member

# More of them is a newsletter, and aside a circular.
AT_MOST: Final = 20
ASKED_AT_MOST: Final = 10
TYPED_AT_MOST: Final = 5_000  # characters


@dataclass(frozen=True)
class NotUnderstood(Exception):
    """`wrong` are sentences by field, "to" and "cc"."""

    wrong: Mapping[str, str]


@dataclass(frozen=True)
class RecipientsShown:
    """The two fields as they stand in the form, what usually stands in them, what is wrong with them, and whether
    others than usual are in them.
    """

    to: str
    cc: str
    usual: Mapping[str, str]
    chosen: bool = False
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> list[tuple[str, bool]]:
        """Each as one reads it, and whether they only get a copy."""
        return [(one, False) for one in _pieces(self.to)] + [(one, True) for one in _pieces(self.cc)]


def typed(request: HttpRequest, conversation: Conversation) -> dict[str, str]:
    """What the form says in "to" and "cc"; {} when its writer left there what stood in it (and so means everybody, also
    whoever came since), or the form has no such fields.
    """
    if "to" not in request.POST:
        return {}
    said = {role: _typed(request, role) for role in ("to", "cc")}
    usual = {role: _typed(request, f"usual_{role}") for role in said}
    if "usual_to" not in request.POST:
        usual = as_typed(taking_part.addressees(conversation))
    return {} if all(_pieces(said[role]) == _pieces(usual[role]) for role in said) else said


def typed_aside(request: HttpRequest) -> dict[str, str]:
    """What the form of a new aside says; {} when that is nothing."""
    to = _typed(request, "to")
    return {"to": to} if to.strip() else {}


def _typed(request: HttpRequest, role: str) -> str:
    return request.POST.get(role, "").replace("\0", "")[:TYPED_AT_MOST]


def as_typed(addressees: Addressees) -> dict[str, str]:
    return {
        "to": ", ".join(address for address, _name in addressees.to),
        "cc": ", ".join(address for address, _name in addressees.cc),
    }


def understood(said: Mapping[str, str], conversation: Conversation) -> Addressees:
    """Whom the writer of a reply means. Raises `NotUnderstood`."""
    chosen = _read(said, taking_part.addressees(conversation).everybody)
    if wrong := _not_here(chosen, conversation):
        raise NotUnderstood(wrong)
    return chosen


def asked(said: Mapping[str, str], beside: Conversation) -> Addressees:
    """Whom the writer asks beside this conversation. Raises `NotUnderstood`."""
    chosen = _read(said, ())
    if wrong := _not_aside(chosen, beside):
        raise NotUnderstood({"to": wrong})
    return chosen


def asked_again(said: Mapping[str, str], aside: Conversation) -> Addressees:
    """The same in an aside that goes on; {} for everybody in it."""
    usual = taking_part.addressees(aside)
    chosen = _read(said, usual.everybody) if said else usual
    if wrong := _not_aside(chosen, aside.aside_of or aside):
        raise NotUnderstood({"to": wrong})
    return chosen


def _not_aside(chosen: Addressees, beside: Conversation) -> str:
    """Why they can't be asked beside this conversation, although every address is one; "" if they can."""
    every = [address for address, _name in chosen.everybody]
    if not chosen.to:
        return _("Write the address of whoever may know.")
    if inside := asides.kept_from(beside, every):
        return _("%(address)s takes part in the conversation itself. Reply there, or ask somebody else.") % {
            "address": inside[0]
        }
    if own := queries.ours(every):
        return _("%(address)s is an address of this desk: the question would come back here as a new conversation.") % {
            "address": own[0]
        }
    return _("Ask at most %(num)d people at once.") % {"num": ASKED_AT_MOST} if len(every) > ASKED_AT_MOST else ""


def _read(said: Mapping[str, str], known: Sequence[Addressee]) -> Addressees:
    """Who is typed, named as those who are `known` are. Raises `NotUnderstood`."""
    names = {address.casefold(): name for address, name in known}
    wrong: dict[str, str] = {}
    found: dict[str, list[Addressee]] = {"to": [], "cc": []}
    for role, people in found.items():
        for piece in _pieces(said.get(role, "")):
            name, address = _person(piece)
            if not letter.is_address(address) or "@" not in address:
                wrong.setdefault(
                    role, _("“%(words)s” is no mail address. Write one like ada@example.org.") % {"words": piece[:80]}
                )
            people.append((address, name or names.get(address.casefold(), "")))
    if wrong:
        raise NotUnderstood(wrong)
    return Addressees(found["to"], found["cc"])


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
    return RecipientsShown(fields["to"], fields["cc"], as_typed(usual), chosen=bool(said), wrong=wrong)


def left_out(chosen: Addressees | None, conversation: Conversation, *, and_later: bool) -> Sequence[str]:
    """Who gets replies otherwise and is not among the `chosen`, if they are to be left out later, too. Whom somebody
    else copied into an aside is left out for good.
    """
    if chosen is None:
        return []
    usual = taking_part.addressees(conversation).everybody
    if not and_later:
        taking = taking_part.within(conversation).values_list("identity__value", flat=True)
        usual = [one for one in usual if one[0] not in set(taking)]
    staying = {address.casefold() for address, _name in chosen.everybody}
    return [address for address, _name in usual if address.casefold() not in staying]
