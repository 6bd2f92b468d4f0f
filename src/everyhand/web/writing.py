"""What a member writes: as their form says it, as a draft keeps it, as an editor and a page show it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from markupsafe import Markup, escape

from everyhand.conversations import drafts, rich_text
from everyhand.conversations.drafts import Written
from everyhand.conversations.models import Attachment, CannedFile, Conversation, Draft, DraftFile, Message
from everyhand.web import recipients
from everyhand.web.permissions import reader
from everyhand.web.uploads import uploads

REPLY, NOTE, ASIDE = (str(kind) for kind in (Draft.Kind.MESSAGE, Draft.Kind.NOTE, Draft.Kind.ASIDE))

# What colleagues formed with the editor and was cleaned is kept of so many messages.
CLEANED: Final = 300


@dataclass(frozen=True)
class DraftShown:
    """A draft as the field to write in shows it; empty when there is none."""

    text: str = ""
    html: str = ""  # for the editor
    sender: str = ""
    recipients: dict[str, str] = field(default_factory=dict)
    asking: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    version: int = 0
    files: list[DraftFile] = field(default_factory=list)
    others: list[Draft] = field(default_factory=list)  # what other windows wrote instead


def written(request: HttpRequest, conversation: Conversation, kind: str) -> Written:
    """What this form says. What came from an editor is cleaned, and its words as plain text are made here."""
    token = request.POST.get("draft", "")[:32]
    text = request.POST.get("text", "").replace("\r\n", "\n").replace("\0", "")
    html = ""
    if request.POST.get("html", "").strip():
        # Of any draft of theirs here: a window may show a picture of the one that its own was made beside.
        html = formed(request.POST["html"], _files(request, conversation))
        text = rich_text.as_text(html)
    said = Written(kind, text, html, token=token, version=_number(request.POST.get("version", "")))
    if kind == REPLY:
        to = recipients.typed(request, conversation)
        return replace(said, sender=request.POST.get("from", ""), recipients=to)
    return _asked(request, conversation, said) if kind == ASIDE else said


def _asked(request: HttpRequest, conversation: Conversation, said: Written) -> Written:
    """With what the form of a new aside says besides."""
    asking = {
        "subject": " ".join(request.POST.get("subject", "").replace("\0", "").split())[:500],
        "quote": "quote" in request.POST,
        "files": "along" in request.POST,
    }
    handed_on = Message.objects.filter(
        conversation=conversation, kind=Message.Kind.MESSAGE, pk=_number(request.POST.get("handing_on", ""))
    )
    return replace(
        said,
        recipients=recipients.typed_aside(request),
        asking=asking,
        handing_on=handed_on.values_list("pk", flat=True).first(),
    )


def keep(request: HttpRequest, conversation: Conversation, said: Written) -> tuple[Draft | None, list[str]]:
    """Save it with the files of the form; and a sentence for each file that was refused."""
    theirs = _files(request, conversation) if said.token else ()
    taken = sum(file.size for file in theirs if file.draft.token == said.token)
    domain = conversation.address.partition("@")[2] or "localhost"
    files, refused = uploads(request, taken=taken, shown_in=domain if "shown" in request.POST else "")
    draft = drafts.keep(conversation, said, author=reader(request), at=timezone.now(), files=files)
    return draft, refused


def shown(found: Iterable[Draft], kind: str, *, token: str = "") -> DraftShown:
    """The draft called `token`, or else the newest of this kind, and the others beside it."""
    every = [one for one in found if one.kind == kind]
    if not every:
        return DraftShown()
    draft = next((one for one in every if one.token == token), every[0])
    return DraftShown(
        text=draft.text,
        html=for_editor(draft),
        sender=draft.from_address,
        recipients=draft.recipients,
        asking=draft.asking,
        token=draft.token,
        version=draft.version,
        files=[file for file in draft.files.all() if not file.inline],
        others=[one for one in every if one is not draft],
    )


def for_editor(draft: Draft) -> str:
    return with_pictures(draft.html, draft.files.all()) if draft.html else ""


def with_pictures(html: str, files: Iterable[DraftFile | CannedFile]) -> str:
    """As an editor shows it: the pictures that are among `files` at the addresses where they are seen."""
    known = {f"cid:{file.content_id}": address_of(file) for file in files if file.content_id}
    return rich_text.cleaned(html, picture=known.get)


def formed(html: str, files: Iterable[DraftFile | CannedFile]) -> str:
    """What an editor gives, cleaned: the other way round, pictures named as their files."""
    files = list(files)
    known = {address_of(file): f"cid:{file.content_id}" for file in files}
    clean = rich_text.cleaned(html, picture=known.get)
    return rich_text.named(clean, {f"cid:{file.content_id}": file.name for file in files})


def for_page(html: str, attachments: Iterable[Attachment]) -> Markup:
    """What one of us wrote, for the timeline: cleaned again, its pictures at their addresses of ours."""
    return _cleaned(html, tuple((one.content_id, one.token) for one in attachments if one.content_id))


@lru_cache(CLEANED)
def _cleaned(html: str, pictures: tuple[tuple[str, str], ...]) -> Markup:
    known = {f"cid:{content}": reverse("attachment", args=[token]) for content, token in pictures}
    return Markup(rich_text.cleaned(html, picture=known.get, target="_blank"))  # noqa: S704 (this is where it is cleaned)


def calling(html: str, words: Iterable[str]) -> Markup:
    """Escaped text in which the words that call colleagues in stand out."""
    called = "|".join(re.escape(str(escape(one))) for one in sorted(words, key=len, reverse=True))
    if called:
        html = re.sub(rf"(?<![\w.+/-])(?:{called})(?![\w@])", r'<strong class="mention">\g<0></strong>', str(html))
    return Markup(html)  # noqa: S704 (escaped before: `urlize` does)


def _files(request: HttpRequest, conversation: Conversation) -> Iterable[DraftFile]:
    theirs = DraftFile.objects.filter(draft__author=reader(request), draft__conversation=conversation)
    return theirs.select_related("draft")


def address_of(file: DraftFile | CannedFile) -> str:
    """Where its writer sees it."""
    return reverse("draft_file" if isinstance(file, DraftFile) else "canned_picture", args=[file.token])


def _number(words: str) -> int:
    return int(words) if words.isdecimal() and len(words) < 10 else 0
