"""Canned replies: the page where they are kept, and what somebody who writes one sees."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from everyhand.conversations import canned_replies, placeholders, rich_text
from everyhand.conversations.models import CannedReply
from everyhand.people.models import Member
from everyhand.web import writing
from everyhand.web.originals import shown
from everyhand.web.permissions import reader
from everyhand.web.triage import tell
from everyhand.web.uploads import uploads

# The domain of their Content-IDs.
PICTURES = "canned.invalid"

# What may stand in one, and what it becomes, as whoever writes one reads it.
PLACES = (
    ("first name", _("the customer’s first name")),
    ("name", _("the customer’s whole name")),
    ("company", _("where the customer works")),
    ("number", _("the number of the conversation")),
    ("subject", _("what it is about")),
    ("my first name", _("the first name of whoever writes")),
    ("my name", _("the whole name of whoever writes")),
)


class CannedReplyForm(forms.Form):
    """`shared` is "" for one's own, "everyone", or the primary key of a team."""

    name = forms.CharField(label=_("Its name"), max_length=80, required=False)
    text = forms.CharField(label=_("What it says"), required=False, strip=False, widget=forms.Textarea)
    shared = forms.ChoiceField(label=_("Who uses it"), required=False)

    def __init__(self, data: object, *, member: Member, name: str, shared: str) -> None:
        super().__init__(data, initial={"name": name, "shared": shared})  # type: ignore[arg-type] # a QueryDict or None
        teams = canned_replies.teams_to_share_with(member)
        choices = [("", gettext("Only me"))]
        choices += [(str(team.pk), gettext("The team %(name)s") % {"name": team.name}) for team in teams]
        if member.sees_every_queue:
            choices.append(("everyone", gettext("Everybody")))
        field = self.fields["shared"]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


@require_safe
def show_all(request: HttpRequest) -> HttpResponse:
    member = reader(request)
    words = request.GET.get("q", "")[:100]
    found = canned_replies.find(member, words)
    teams = set(canned_replies.teams_to_share_with(member).values_list("pk", flat=True))
    context = {"words": words, "found": [(one, _may_change(one, member, teams)) for one in found]}
    return render(request, "canned_replies.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    return _edit(request, CannedReply(maker=reader(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, _to_change_or_404(request, pk))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    one = _to_change_or_404(request, pk)
    removed = canned_replies.remove(one, by=reader(request), at=timezone.now())
    tell(request, gettext("The canned reply “%(name)s” is gone.") % {"name": one.name}, removed)
    return redirect("canned_replies")


@require_POST
def hold_pictures(request: HttpRequest) -> HttpResponse:
    """Pictures that are put between the words, before those are saved. Answers {"pictures": their addresses} and
    {"refused"}: a sentence for each file that was.
    """
    files, refused = uploads(request, shown_in=PICTURES)
    refused += [
        gettext("“%(name)s” is no picture. Attach it below.") % {"name": one.name} for one in files if not one.inline
    ]
    held = [canned_replies.hold(one, by=reader(request), at=timezone.now()) for one in files if one.inline]
    return JsonResponse({"pictures": [writing.address_of(one) for one in held], "refused": refused})


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponse:
    """A picture between the words, for whoever may use them."""
    file = get_object_or_404(canned_replies.pictures_for(reader(request)).select_related("blob"), token=token)
    return shown(file)


def _edit(request: HttpRequest, one: CannedReply) -> HttpResponse:
    member, at = reader(request), timezone.now()
    shared = "everyone" if one.for_everyone else str(one.team_id or "")
    heading = one.name
    form = CannedReplyForm(
        request.POST if request.method == "POST" else None, member=member, name=heading, shared=shared
    )
    refused: list[str] = []
    unknown: tuple[str, ...] = ()
    if request.method == "POST":
        left_out = request.POST.getlist("leave_out")
        stay = [file for file in (one.files.all() if one.pk else ()) if file.token not in left_out]
        files, refused = uploads(request, taken=sum(file.size for file in stay))
        one.name = request.POST.get("name", "")
        one.text, one.html = _words(request, member)
        unknown = () if request.POST.get("as_it_is") else placeholders.unknown(one.text)
        if form.is_valid() and unknown:
            form.add_error("text", _unknown(unknown))
        elif form.is_valid():
            chosen = form.cleaned_data["shared"]
            one.for_everyone, one.team_id = chosen == "everyone", int(chosen) if chosen.isdecimal() else None
            try:
                canned_replies.keep(one, by=member, at=at, files=files, left_out=left_out)
            except ValidationError as wrong:
                form.add_error(None, wrong)
            else:
                for sentence in refused:
                    messages.error(request, sentence)
                messages.success(request, gettext("Saved: “%(name)s”.") % {"name": one.name})
                return redirect("canned_reply", one.pk) if refused else redirect("canned_replies")
    context = {
        "form": form,
        "id": one.pk,
        "heading": heading,
        "words": {"name": one.name, "text": one.text, "html": _for_editor(one, member)},
        "files": one.files.filter(inline=False) if one.pk else [],
        "times_used": one.times_used,
        "places": PLACES,
        "as_it_is": bool(unknown),
    }
    return render(request, "canned_reply_form.html", context, status=422 if form.errors else 200)


def _unknown(places: Sequence[str]) -> str:
    """Why what stands in brackets is asked about once."""
    told = ", ".join(f"{{{one}}}" for one in places)
    meant = [get_close_matches(one.casefold(), placeholders.NAMES, n=1) for one in places]
    known = ", ".join(f"{{{one}}}" for one in dict.fromkeys(name for some in meant for name in some))
    if known:
        words = gettext("%(told)s is not filled in: there is no such place. Did you mean %(known)s?")
        return words % {"told": told, "known": known}
    words = gettext(
        "%(told)s is not filled in: there is no such place. See below which there are, or save it as it is."
    )
    return words % {"told": told}


def _words(request: HttpRequest, member: Member) -> tuple[str, str]:
    """Plain words and HTML, as a form with or without an editor says them."""
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")
    html = request.POST.get("html", "")
    if not html.strip():
        return text, ""
    clean = writing.formed(html, canned_replies.pictures_for(member))
    return rich_text.as_text(clean), clean


def _for_editor(one: CannedReply, member: Member) -> str:
    return writing.with_pictures(one.html, canned_replies.pictures_for(member)) if one.html else ""


def _to_change_or_404(request: HttpRequest, pk: int) -> CannedReply:
    member = reader(request)
    one = get_object_or_404(canned_replies.within_reach(member), pk=pk)
    if not canned_replies.may_change(one, member):
        raise PermissionDenied
    return one


def _may_change(one: CannedReply, member: Member, teams: set[int]) -> bool:
    """As `canned_replies.may_change` says, without a read for each."""
    if one.for_everyone:
        return member.sees_every_queue
    return one.team_id in teams if one.team_id else one.maker_id == member.pk
