"""Two customers are one person: choosing the other, joining them, and taking that back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.conversations import knowing
from everyhand.customers.models import Customer, Merging
from everyhand.desk import merge as desk
from everyhand.web.customers import shown
from everyhand.web.permissions import customer_or_404, for_specialists, reader
from everyhand.web.rows import Face

FOUND = 20


@require_http_methods(["GET", "HEAD", "POST"])
@for_specialists
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is the same person? Their name or address is looked for; choosing them joins both."""
    customer = customer_or_404(request, pk)
    if request.method == "POST":
        return _merge(request, customer)
    words = request.GET.get("q", "").replace("\0", "").strip()[:300]
    found = knowing.found(reader(request), words or customer.name, limit=FOUND) if words or customer.name else []
    others = [Face(one.pk, one.name or one.address or str(one), one.address) for one in found if one.pk != pk]
    return render(request, "merging.html", {"customer": shown(customer), "q": words, "others": others})


@require_POST
@for_specialists
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    merging = get_object_or_404(Merging, pk=pk)
    customer_or_404(request, merging.kept_id)
    try:
        desk.undo(merging, by=reader(request), at=timezone.now())
    except desk.NotYours:
        messages.error(request, _not_yours())
    else:
        messages.success(request, _("They are two people again, each with what they wrote."))
    return redirect("customer", merging.kept_id)


def _merge(request: HttpRequest, customer: Customer) -> HttpResponse:
    number = request.POST.get("other", "")
    other = customer_or_404(request, int(number) if number.isdecimal() and len(number) < 19 else 0)
    try:
        desk.merge(customer, other, by=reader(request), at=timezone.now())
    except desk.NotYours:
        messages.error(request, _not_yours())
    except ValueError:
        messages.error(request, _("They are one person already."))
    else:
        messages.success(request, _("They are one person now. You can undo this below."))
    return redirect("customer", customer.pk)


def _not_yours() -> str:
    return _("Some of what they wrote is not for you to see, so joining them is for somebody who sees all of it.")
