"""Forgetting a customer who asks for it, and handing them all that we keep about them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from everyhand.channels import handing_out
from everyhand.conversations import sight
from everyhand.core import journal
from everyhand.customers import forgetting
from everyhand.web.customers import shown
from everyhand.web.permissions import customer_or_404, for_admins, reader


@require_http_methods(["GET", "HEAD", "POST"])
@for_admins
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be gone, said before it goes; the administrator writes the customer's address to confirm."""
    customer = customer_or_404(request, pk)
    known = shown(customer)
    wrong = False
    if request.method == "POST":
        wrong = request.POST.get("confirmation", "").strip().casefold() != (known.address or known.name).casefold()
        if not wrong:
            forgetting.ask_to_erase(customer, by=reader(request), at=timezone.now())
            messages.success(request, _("They will be forgotten in an hour. Until then you can call it off."))
            return redirect("customer", pk)
    context = {
        "customer": known,
        "conversations": sight.visible_to(reader(request)).filter(customer=customer).count(),
        "wrong": wrong,
        "typed": request.POST.get("confirmation", ""),
    }
    return render(request, "erasing.html", context, status=422 if wrong else 200)


@require_POST
@for_admins
def call_off(request: HttpRequest, pk: int) -> HttpResponse:
    customer = customer_or_404(request, pk)
    if forgetting.call_off_erasure(customer, by=reader(request), at=timezone.now()):
        messages.success(request, _("Called off: nothing was erased."))
    else:
        messages.error(request, _("It is too late to call this off."))
    return redirect("customer", pk)


@require_POST
@for_admins
def export(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A ZIP of everything about them that this administrator may see, sent while it is made; our notes if wanted."""
    customer, member, at = customer_or_404(request, pk), reader(request), timezone.now()
    theirs = sight.visible_to(member).filter(customer=customer)
    journal.note("customer.exported", subject=customer, actor=member, at=at)
    return StreamingHttpResponse(
        handing_out.archive(customer, theirs, at=at, notes="notes" in request.POST),
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="customer-{customer.pk}.zip"'},
    )
