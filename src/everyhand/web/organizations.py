"""An organization: who of our customers works there, what they wait for, which mail domains are theirs."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from everyhand.conversations import sight
from everyhand.conversations.listed import listed
from everyhand.conversations.models import Status
from everyhand.customers import organizations
from everyhand.customers.models import Organization
from everyhand.web.permissions import reader
from everyhand.web.rows import Face, rows

PEOPLE = 60
CONVERSATIONS = 30


class OrganizationForm(forms.ModelForm):  # type: ignore[type-arg] # the real one takes no argument
    domains = forms.CharField(
        label=_("Mail domains"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as readers.example. Whoever writes from there works here."),
    )

    class Meta:
        model = Organization
        fields = ("name",)
        labels = {"name": _("Name")}
        error_messages = {"name": {"unique": _("There is an organization of this name already.")}}


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody may look; those who see every queue keep name and domains right."""
    organization = get_object_or_404(Organization.objects.prefetch_related("domains"), pk=pk)
    member, at = reader(request), timezone.now()
    known = {"domains": "\n".join(one.name for one in organization.domains.all())}
    form = OrganizationForm(request.POST or None, instance=organization, initial=known)
    if request.method == "POST" and member.sees_every_queue and form.is_valid():
        try:
            organizations.keep(form.instance, domains=form.cleaned_data["domains"].split(), by=member, at=at)
        except organizations.AnybodysDomain as wrong:
            said = gettext("Anybody can have an address at %(domain)s, so it says nothing about where they work.")
            form.add_error("domains", said % {"domain": wrong})
        except organizations.DomainTaken as wrong:
            form.add_error("domains", gettext("One of these belongs to %(name)s already.") % {"name": wrong})
        else:
            return redirect("organization", pk)
    people = sight.customers_visible_to(member) & organizations.working_at(organization)
    named = people.prefetch_related("identities").order_by("name", "pk")[:PEOPLE]
    theirs = sight.visible_to(member).filter(customer__in=people.values("pk")).exclude(status=Status.CLOSED)
    waiting = listed(theirs).order_by("-last_message_at", "-pk")[:CONVERSATIONS]
    context = {
        "organization": Organization.objects.get(pk=pk),
        "people": [Face(one.pk, one.name or one.address or str(one), one.address) for one in named],
        "conversations": rows(list(waiting), at=at),
        "may_change": member.sees_every_queue,
        "form": form,
    }
    status = 422 if form.errors else 403 if request.method == "POST" else 200
    return render(request, "organization.html", context, status=status)
