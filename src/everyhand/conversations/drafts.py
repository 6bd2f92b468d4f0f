"""Drafts: what somebody is writing is kept as they write, on every device of theirs, until it is sent or thrown away.

No window overwrites another. Whoever saves says which version of which draft they go on from; if it has changed
meanwhile, theirs becomes a draft of its own and both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from everyhand.conversations import rich_text, sight, taking_part
from everyhand.conversations.models import Conversation, Draft, DraftFile, File, Message
from everyhand.conversations.saying import Upload
from everyhand.core import blobs, rows
from everyhand.core.prepared import Given, prepared
from everyhand.people.models import Member


@dataclass(frozen=True)
class Written:
    """What stands in a window that began with the draft called `token` at `version` ("" and 0: with nothing)."""

    kind: str
    text: str
    html: str = ""
    sender: str = ""
    recipients: dict[str, str] = field(default_factory=dict)  # {} for everybody who takes part
    asking: dict[str, Any] = field(default_factory=dict)
    handing_on: int | None = None  # a message's primary key
    token: str = ""
    version: int = 0

    @property
    def is_empty(self) -> bool:
        subject = "" if self.handing_on else self.asking.get("subject", "")  # the form of a message begins with one
        aside = self.kind == Draft.Kind.ASIDE and (subject or self.recipients.get("to", "").strip())
        return not (self.text.strip() or aside)


def of(author: Member, conversation: Conversation) -> QuerySet[Draft]:
    """Every draft of theirs in this conversation, the newest first, with its files."""
    return Draft.objects.filter(author=author, conversation=conversation).prefetch_related("files")


def within_reach(author: Member) -> QuerySet[Draft]:
    """Theirs, in conversations and asides that they may see."""
    return Draft.objects.filter(sight.said_in_sight_of(author, "conversation"), author=author)


@transaction.atomic
def keep(
    conversation: Conversation, said: Written, *, author: Member, at: datetime, files: Iterable[Upload] = ()
) -> Draft | None:
    """Save what stands in a window; `files` are added to those the draft has.

    None when nothing is left to keep: it is empty, or was sent meanwhile.
    """
    files = list(files)
    known = begun(conversation, said, author=author)
    if known is None:
        if (said.is_empty and not files) or (said.token and _was_sent(conversation, author, said)):
            return None
        draft = rows.create(Draft, conversation=conversation, author=author, **_fields(said, at))
    elif said.is_empty and not files and not known.files.exists():
        if Draft.objects.filter(pk=known.pk, version=said.version).delete()[0]:
            return None
        return known  # another window wrote something: that stays
    else:
        goes_on = _says(known) == _says(said) or _moved_on(known, said.version)
        draft = known if goes_on else _beside(known)
        for name, value in _fields(said, at).items():
            setattr(draft, name, value)
        draft.save()
    _attach(draft, files)
    _take_along(draft)
    return draft


def _fields(said: Written, at: datetime) -> dict[str, Any]:
    return {
        "kind": said.kind,  # a reply may become a note, with its files
        "text": said.text,
        "html": said.html,
        "from_address": said.sender[:320],
        "recipients": said.recipients,
        "asking": said.asking,
        "handing_on_id": said.handing_on,
        "saved_at": at,
    }


def begun(conversation: Conversation, said: Written, *, author: Member) -> Draft | None:
    """The draft that a window began with, as it is kept."""
    if not said.token:
        return None
    ask = _called(aside=said.kind == Draft.Kind.ASIDE)
    return next(iter(ask(author=author.pk, conversation=conversation.pk, token=said.token)), None)


@cache
def _called(*, aside: bool) -> Callable[..., list[Draft]]:
    return prepared(_alike(aside=aside).filter(token=Given("token")))


def again(message: Message, *, author: Member, at: datetime) -> Draft:
    """A draft with the words and files of a reply that was taken back."""
    draft = Draft.objects.create(
        conversation=message.conversation,
        author=author,
        kind=message.kind,
        text=message.text,
        html=message.html,
        from_address=message.from_address,
        recipients=_chosen(message),
        saved_at=at,
    )
    _copy(message.attachments.all(), draft)
    return draft


def begin(conversation: Conversation, *, author: Member, at: datetime) -> Draft:
    """An empty reply, for what is to be put into it."""
    return Draft.objects.create(conversation=conversation, author=author, kind=Message.Kind.MESSAGE, saved_at=at)


def put_in(draft: Draft, *, text: str, html: str, at: datetime) -> Draft:
    """The same words at the end of it, formed if what is there already is, or nothing is."""
    if draft.html or not draft.text.strip():
        draft.html += html
        draft.text = rich_text.as_text(draft.html)
    else:
        draft.text = f"{draft.text.rstrip()}\n\n{text}"
    draft.version, draft.saved_at = draft.version + 1, at
    draft.save(update_fields=["text", "html", "version", "saved_at"])
    return draft


def take_files(draft: Draft, files: Iterable[File]) -> Draft:
    """The same files go with it, too; none twice."""
    known = set(draft.files.values_list("blob", "name", "content_id"))
    _copy([file for file in files if (file.blob_id, file.name, file.content_id) not in known], draft)
    return draft


def files_of(draft: Draft | None, html: str) -> list[Upload]:
    """Its files, as a message with these words takes them.

    Pictures that were taken out of the words again stay behind; where the words show none at all, they go as files.
    """
    files: list[Upload] = []
    if draft is None:
        return files
    for file in _files()(draft=draft.pk):
        shown = file.inline and f"cid:{file.content_id}" in html
        if shown or not file.inline or not html:
            cid = file.content_id if shown else ""
            files.append(Upload(file.name, file.type, bytes(file.blob.content), cid, inline=shown))
    return files


@cache
def _files() -> Callable[..., list[DraftFile]]:
    return prepared(DraftFile.objects.filter(draft=Given("draft")).select_related("blob"))


def take_over(draft: Draft, conversation: Conversation) -> None:
    """It goes on there: its conversation was merged into that one."""
    Draft.objects.filter(pk=draft.pk).update(conversation=conversation)


def leave_out(file: DraftFile) -> None:
    file.delete()
    blobs.let_go([file.blob_id])


def forget(author: Member, conversation: Conversation, said: Written, draft: Draft | None = None) -> None:
    """What was `said` was sent, from `draft`; and so was any other with the same words and no file."""
    ask = _kept(aside=said.kind == Draft.Kind.ASIDE)
    tokens = [said.token, draft.token if draft else said.token]
    for one in ask(author=author.pk, conversation=conversation.pk):
        same = one.text == said.text and one.handing_on_id == said.handing_on
        if one.token in tokens or (same and not one.has_files):  # type: ignore[attr-defined] # annotated below
            throw_away(one)


@cache
def _kept(*, aside: bool) -> Callable[..., list[Draft]]:
    files = DraftFile.objects.filter(draft=OuterRef("pk"))
    return prepared(_alike(aside=aside).annotate(has_files=Exists(files)))


@transaction.atomic
def throw_away(draft: Draft) -> None:
    files = list(draft.files.values_list("blob", flat=True)) if getattr(draft, "has_files", True) else []
    if files:
        draft.delete()
        blobs.let_go(files)
    else:  # nothing else refers to it, so there is nothing to look for that goes with it
        rows.remove(draft)


def _alike(*, aside: bool) -> QuerySet[Draft]:
    """The drafts of an author in a conversation that may become one of that kind: what is for somebody else never
    becomes a reply.
    """
    kind = Q(kind=Draft.Kind.ASIDE)
    return Draft.objects.filter(kind if aside else ~kind, author=Given("author"), conversation=Given("conversation"))


def _says(one: Draft | Written) -> tuple[Any, ...]:
    sender, message = (one.from_address, one.handing_on_id) if isinstance(one, Draft) else (one.sender, one.handing_on)
    return one.kind, one.text, one.html, sender, one.recipients, one.asking, message


def _chosen(message: Message) -> dict[str, str]:
    """Whom a reply went to, as its writer would type it; {} when it was everybody."""
    everybody = taking_part.addressees(message.conversation)
    usual = {"to": [address for address, _ in everybody.to], "cc": [address for address, _ in everybody.cc]}
    went = {role: [one["email"] for one in message.recipients if one["as"] == role] for role in usual}
    return {} if went == usual else {role: ", ".join(some) for role, some in went.items()}


def _moved_on(known: Draft, version: int) -> bool:
    """Whether the draft was still at `version`; it is at the next one now."""
    moved = Draft.objects.filter(pk=known.pk, version=version).update(version=F("version") + 1)
    known.version = version + 1 if moved else known.version
    return bool(moved)


def _beside(known: Draft) -> Draft:
    """A second draft with the same files."""
    draft = Draft.objects.create(
        conversation=known.conversation, author=known.author, kind=known.kind, saved_at=known.saved_at
    )
    _copy(known.files.all(), draft)
    return draft


def _was_sent(conversation: Conversation, author: Member, said: Written) -> bool:
    """Whether these words, or these and more, were among the last they said here."""
    here = {"conversation__aside_of": conversation} if said.kind == Draft.Kind.ASIDE else {"conversation": conversation}
    last = Message.objects.filter(author_member=author, **here).order_by("-pk").values_list("text", flat=True)
    return any(text.startswith(said.text.strip()) for text in last[:3])


def _attach(draft: Draft, files: Sequence[Upload]) -> None:
    if files:
        DraftFile.objects.bulk_create(
            DraftFile(draft=draft, blob=blobs.keep(file.content), **file.fields) for file in files
        )


def _take_along(draft: Draft) -> None:
    """The pictures it shows that are files of another draft of its author."""
    shown = set(re.findall(r'src="cid:([^">]+)"', draft.html))
    lacking = shown - set(draft.files.values_list("content_id", flat=True)) if shown else set()
    if lacking:
        others = DraftFile.objects.filter(
            draft__author=draft.author, draft__conversation=draft.conversation, content_id__in=lacking
        )
        _copy({file.content_id: file for file in others}.values(), draft)


def _copy(files: Iterable[File], draft: Draft) -> None:
    DraftFile.objects.bulk_create(DraftFile(draft=draft, **file.fields) for file in files)
