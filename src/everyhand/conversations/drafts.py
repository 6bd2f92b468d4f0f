"""Drafts: what somebody is writing is kept as they write, on every device of theirs, until it is sent or thrown away.

No window overwrites another. Whoever saves says which version of which draft they go on from; if it has changed
meanwhile, theirs becomes a draft of its own and both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from everyhand.conversations import rich_text, taking_part
from everyhand.conversations.models import Conversation, Draft, DraftFile, File, Message
from everyhand.conversations.saying import Upload
from everyhand.core import blobs
from everyhand.people.models import Member


def of(author: Member, conversation: Conversation) -> QuerySet[Draft]:
    """Every draft of theirs in this conversation, the newest first, with its files."""
    return Draft.objects.filter(author=author, conversation=conversation).prefetch_related("files")


@transaction.atomic
def keep(
    conversation: Conversation,
    *,
    author: Member,
    kind: str,
    text: str,
    html: str = "",
    from_address: str = "",
    recipients: dict[str, str] | None = None,
    token: str = "",
    version: int = 0,
    files: Iterable[Upload] = (),
    at: datetime,
) -> Draft | None:
    """Save what stands in a window that began with draft `token` at `version` ("" and 0: with nothing).

    `files` are added to those the draft has. None when nothing is left to keep: it is empty, or was sent meanwhile.
    """
    files = list(files)
    known = Draft.objects.filter(author=author, conversation=conversation, token=token).first()
    if known is None:
        if not (text.strip() or files) or (token and _was_sent(conversation, author, text)):
            return None
        draft = Draft(conversation=conversation, author=author, kind=kind)
    elif not text.strip() and not files and not known.files.exists():
        if Draft.objects.filter(pk=known.pk, version=version).delete()[0]:
            return None
        return known  # another window wrote something: that stays
    elif _what_it_says(known) == (kind, text, html, from_address, recipients or {}) or _moved_on(known, version):
        draft = known
    else:
        draft = _beside(known)
    draft.kind = kind  # a reply may become a note, with its files
    draft.text, draft.html, draft.from_address, draft.saved_at = text, html, from_address[:320], at
    draft.recipients = recipients or {}
    draft.save()
    _attach(draft, files)
    _take_along(draft)
    return draft


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
    known = set(draft.files.values_list("blob", "name"))
    _copy([file for file in files if (file.blob_id, file.name) not in known], draft)
    return draft


def files_of(draft: Draft) -> list[Upload]:
    """Its files, as a message takes them.

    Pictures that were taken out of the words again stay behind; where the words show none at all, they go as files.
    """
    files = []
    for file in draft.files.select_related("blob"):
        shown = file.inline and f"cid:{file.content_id}" in draft.html
        if shown or not file.inline or not draft.html:
            cid = file.content_id if shown else ""
            files.append(Upload(file.name, file.type, bytes(file.blob.content), cid, inline=shown))
    return files


def take_over(draft: Draft, conversation: Conversation) -> None:
    """It goes on there: its conversation was merged into that one."""
    Draft.objects.filter(pk=draft.pk).update(conversation=conversation)


def leave_out(file: DraftFile) -> None:
    file.delete()
    blobs.let_go([file.blob_id])


def forget(author: Member, conversation: Conversation, *, tokens: Iterable[str], text: str) -> None:
    """These drafts were sent, and so was any other with the same words and no file."""
    theirs = Draft.objects.filter(author=author, conversation=conversation)
    sent = Q(token__in=[one for one in tokens if one]) | Q(text=text, files=None)
    for draft in theirs.filter(sent).distinct():
        throw_away(draft)


@transaction.atomic
def throw_away(draft: Draft) -> None:
    files = list(draft.files.values_list("blob", flat=True))
    draft.delete()
    blobs.let_go(files)


def _what_it_says(draft: Draft) -> tuple[str, str, str, str, dict[str, str]]:
    return draft.kind, draft.text, draft.html, draft.from_address, draft.recipients


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


def _was_sent(conversation: Conversation, author: Member, text: str) -> bool:
    """Whether these words, or these and more, were among the last they said here."""
    last = Message.objects.filter(conversation=conversation, author_member=author).order_by("-pk")
    return any(said.startswith(text.strip()) for said in last.values_list("text", flat=True)[:3])


def _attach(draft: Draft, files: Iterable[Upload]) -> None:
    DraftFile.objects.bulk_create(
        DraftFile(draft=draft, blob=blobs.keep(file.content), **file.fields) for file in files
    )


def _take_along(draft: Draft) -> None:
    """The pictures it shows that are files of another draft of its author."""
    shown = set(re.findall(r'src="cid:([^">]+)"', draft.html))
    lacking = shown - set(draft.files.values_list("content_id", flat=True)) if shown else set()
    others = DraftFile.objects.filter(
        draft__author=draft.author, draft__conversation=draft.conversation, content_id__in=lacking
    )
    _copy({file.content_id: file for file in others}.values() if lacking else [], draft)


def _copy(files: Iterable[object], draft: Draft) -> None:
    fields = ("blob_id", "name", "type", "size", "content_id", "inline")
    DraftFile.objects.bulk_create(
        DraftFile(draft=draft, **{field: getattr(file, field) for field in fields}) for file in files
    )
