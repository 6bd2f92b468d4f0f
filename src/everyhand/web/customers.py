"""The people we serve: who they are, everything we ever said to each other, what colleagues know about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from everyhand.conversations import knowing, whose
from everyhand.conversations.knowing import Known, Spoken
from everyhand.customers import actions as customers
from everyhand.customers import organizations
from everyhand.customers.models import Customer, Erasure, Merging, Organization
from everyhand.desk import reasons
from everyhand.desk.verdict import Verdict
from everyhand.people.models import initials
from everyhand.web import looking
from everyhand.web.permissions import customer_or_404, reader
from everyhand.web.rows import Face, Row, rows

FOUND = 40
CONVERSATIONS = 20


@dataclass(frozen=True)
class CustomerShown:
    id: int
    name: str
    address: str
    about: str
    since: datetime
    organization: Organization | None

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True)
class IdentityShown:
    """An address of theirs; `proof` is one sentence about the last mail from it, or ""."""

    address: str
    undeliverable_at: datetime | None
    last_heard_at: datetime | None
    proof: str


class DescriptionForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    """What colleagues know about a customer. The organization is typed by name."""

    organization = forms.CharField(
        label=_("Organization"),
        required=False,
        max_length=200,
        help_text=_("Where they work. Empty means: told by the domain they write from, if that is known."),
    )

    class Meta:
        model = Customer
        fields = ("name", "organization", "about")
        labels = {"name": _("Name"), "about": _("What to know about them")}
        widgets = {"about": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"about": _("For colleagues only; the customer never sees it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.organization_id:
            self.initial["organization"] = self.instance.organization.name

    def _post_clean(self) -> None:
        """The organization is a name until it is stored, which the form's own model could not take."""
        self.instance = Customer(pk=self.instance.pk)


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    """Found by a name, an address or the beginning of one; without words, whoever wrote last."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:300]
    member = reader(request)
    found = knowing.found(member, words, limit=FOUND) if words else knowing.latest(member, limit=FOUND)
    return render(request, "customers.html", {"q": words, "customers": [_face(one) for one in found]})


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever was found to be somebody else is shown as that person."""
    gone = Customer.objects.filter(pk=pk, merged_into__isnull=False).values_list("merged_into", flat=True).first()
    customer = customer_or_404(request, gone or pk)
    return redirect("customer", gone) if gone else looking.seen(request, page(request, customer), customer)


def page(request: HttpRequest, customer: Customer, *, form: DescriptionForm | None = None) -> HttpResponse:
    """The customer's page, with a form that was not right, if so."""
    member, at = reader(request), timezone.now()
    before = request.GET.get("before", "")
    identities = knowing.identities(customer)
    conversations, following = knowing.conversations_with(customer, member, before=before, limit=CONVERSATIONS)
    context = {
        "customer": shown(customer, identities),
        "identities": [_identity(one) for one in identities],
        "conversations": _with_words(rows(conversations, at=at), knowing.spoken(one.pk for one in conversations)),
        "next_page": f"?{urlencode({'before': following})}" if following else "",
        "first_page": not before,
        "mergings": Merging.objects.filter(kept=customer, undone_at=None).select_related("merged"),
        "erasure": Erasure.objects.filter(customer=customer).first(),
        "may_change": member.sees_every_queue,
        "form": form or DescriptionForm(instance=customer),
    }
    return render(request, "customer.html", context, status=422 if form else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def describe(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what colleagues know about them. Everybody who serves them may."""
    customer = customer_or_404(request, pk)
    if request.method != "POST":
        return redirect("customer", pk)
    form = DescriptionForm(request.POST, instance=customer)
    if not form.is_valid():
        return page(request, customer_or_404(request, pk), form=form)
    by, at = reader(request), timezone.now()
    with transaction.atomic():
        changed = customers.describe(
            customer,
            name=form.cleaned_data["name"],
            organization=organizations.called(form.cleaned_data["organization"], by=by, at=at),
            about=form.cleaned_data["about"],
            by=by,
            at=at,
        )
        if "name" in changed:
            whose.find_by_new_name(customer, at=at)
    messages.success(request, gettext("Saved."))
    return redirect("customer", pk)


def shown(customer: Customer, identities: list[Known] | None = None) -> CustomerShown:
    identities = identities or knowing.identities(customer)
    addresses = [one.address for one in identities if one.address]
    first = addresses[0] if addresses else ""
    return CustomerShown(
        id=customer.pk,
        name=customer.name or first or str(customer),
        address=first,
        about=customer.about,
        since=customer.since,
        organization=organizations.where(customer, addresses),
    )


def _identity(known: Known) -> IdentityShown:
    verdict = Verdict.from_json(known.verdict)
    return IdentityShown(known.address, known.undeliverable_at, known.last_heard_at, reasons.in_words(verdict))


def _face(customer: Customer) -> Face:
    return Face(customer.pk, customer.name or customer.address or str(customer), customer.address)


def _with_words(shown: Iterable[Row], spoken: dict[int, list[Spoken]]) -> list[tuple[Row, list[Spoken]]]:
    return [(row, spoken.get(row.id, [])) for row in shown]
