"""Reading what became of the mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, cached_property

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Lower

from everyhand.channels.email.models import Mail, Mailbox, RawMail, Redelivery
from everyhand.core.prepared import prepared


@dataclass(frozen=True)
class Ledger:
    """The conservation law: every mail we accepted is filed, suppressed with a reason, quarantined or pending.

    `accepted` is counted over the stored bytes and the others over what became of them, so that a mail that fell
    between two stools shows. `duplicates` are deliveries of mail we already had; they are no mails of their own.
    """

    accepted: int
    filed: int
    suppressed: int
    quarantined: int
    pending: int
    duplicates: int

    @property
    def balanced(self) -> bool:
        return self.accepted == self.filed + self.suppressed + self.quarantined + self.pending

    def as_dict(self) -> dict[str, int | bool]:
        return {**asdict(self), "balanced": self.balanced}


def ledger() -> Ledger:
    """The ledger as it is now, in one look: mail that comes in between two would be missing on one side."""
    became = Mail.objects.order_by().values_list("outcome").annotate(Count("pk"))
    stored = RawMail.objects.order_by().annotate(what=Value("stored")).values_list("what").annotate(Count("pk"))
    counts = dict(became.union(stored, all=True))
    same_letter = counts.get(Mail.Outcome.DUPLICATE, 0)
    return Ledger(
        accepted=counts.get("stored", 0) - same_letter,
        filed=counts.get(Mail.Outcome.FILED, 0),
        suppressed=counts.get(Mail.Outcome.SUPPRESSED, 0),
        quarantined=counts.get(Mail.Outcome.QUARANTINED, 0),
        pending=counts.get(Mail.Outcome.PENDING, 0),
        duplicates=same_letter + Redelivery.objects.count(),
    )


class Balance:
    """Whether the ledger balances, asked again and again: at first everything is counted, and then what came since, so
    that at a million mails it does not take a second each minute. What a row of long ago lost shows in the next
    process, and wherever the ledger is looked at.
    """

    def __init__(self) -> None:
        self._seen: int | None = None

    def stands(self) -> bool:
        newest = RawMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        if self._seen is None:
            balanced = ledger().balanced
        else:
            balanced = not RawMail.objects.filter(pk__gt=self._seen, mail=None).exists()
        # What is wrong is told of until it is right again, so it is counted as a whole the next time.
        self._seen = newest if balanced else None
        return balanced


def mails(outcome: str = "") -> QuerySet[Mail]:
    """The mails with this outcome, or all, the newest first."""
    every = Mail.objects.select_related("raw", "conversation").defer("raw__content").order_by("-id")
    return every.filter(outcome=outcome) if outcome else every


def history_in_flight() -> int:
    """How many mails from before our time are accepted and not filed yet."""
    return Mail.objects.filter(outcome=Mail.Outcome.PENDING, silent=True).count()


def ours(addresses: Iterable[str]) -> list[str]:
    """Those of `addresses` that are addresses of ours: a mailbox, a +tag of one, or any address of a whole domain."""
    wanted = {address: _forms(address) for address in addresses if "@" in address}
    forms = {form for all_forms in wanted.values() for form in all_forms}
    known = set(
        Mailbox.objects.annotate(lower=Lower("address")).filter(lower__in=forms).values_list("lower", flat=True)
    )
    return [address for address, all_forms in wanted.items() if known & set(all_forms)]


def mailbox_for(addresses: Iterable[str]) -> str:
    """The address of ours, without any +tag, that a conversation with these recipients is answered from."""
    return OurAddresses().answering(addresses)


def name_of_mailbox(address: str) -> str:
    """What customers see beside this address of ours; "" where it has no name, or is not exactly a mailbox."""
    return next((name for known, name in _mailboxes()() if known.lower() == address.lower()), "")


@cache
def _mailboxes() -> Callable[..., list[tuple[str, str]]]:
    return prepared(Mailbox.objects.order_by("pk").values_list("address", "name"))


class OurAddresses:
    """The addresses of ours as they stand now, or those given: asked often, read once. Within a transaction it must not
    outlive it.
    """

    def __init__(self, mailboxes: Sequence[str] | None = None) -> None:
        self._mailboxes = [address for address, _name in _mailboxes()()] if mailboxes is None else mailboxes
        self._known = frozenset(address.lower() for address in self._mailboxes)

    @cached_property
    def domains(self) -> frozenset[str]:
        return frozenset(address.rpartition("@")[2] for address in self._known)

    def among(self, addresses: Iterable[str]) -> list[str]:
        """Those of `addresses` that are ours, as `ours` finds them."""
        return [one for one in dict.fromkeys(addresses) if "@" in one and not self._known.isdisjoint(_forms(one))]

    def is_a_desk(self, address: str, *, of_staff: bool) -> bool:
        """Whether mail from `address` is our own coming back. Somebody of the staff may have an address in a domain of
        which we take every address; then it is a mailbox of theirs.
        """
        *exactly, _whole_domain = _forms(address)
        return not self._known.isdisjoint(exactly) or (not of_staff and bool(self.among([address])))

    def answering(self, addresses: Iterable[str]) -> str:
        """See `mailbox_for`. Where none of them is ours it is the first address that others can write to: the one that
        every installation begins with is at localhost.
        """
        for address in self.among(addresses):
            local, _, domain = address.partition("@")
            return f"{local.partition('+')[0]}@{domain}"
        of_one = [one for one in self._mailboxes if not one.startswith("*")]
        reached = [one for one in of_one if not one.lower().endswith("@localhost")]
        return next(iter([*reached, *of_one]), "help@localhost")


def _forms(address: str) -> tuple[str, str, str]:
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}", f"*@{domain}"
