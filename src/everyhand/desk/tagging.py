"""Conversations get tags; tags are renamed, merged and deleted. Everything can be undone."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from everyhand.conversations import tags
from everyhand.conversations.models import Tag, Tagging, Tone
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member

FACTS = ("tag.changed", "tag.merged", "tag.deleted")


@transaction.atomic
def change(tag: Tag, *, name: str, tone: str, by: Member, at: datetime) -> Entry | None:
    """Its name and colour. The fact of it, None when nothing changed. Raises ValidationError with what to do."""
    name = tags.check(" ".join(name.replace("\0", "").split()))
    if not name:
        raise ValidationError(_("Write a name."))
    if tone not in Tone.values:
        raise ValidationError(_("Choose one of these colours."))
    if Tag.objects.filter(key=tags.key_of(name), gone_at=None).exclude(pk=tag.pk).exists():
        raise ValidationError(_("There is a tag of this name. Merge this one into it instead."))
    if (tag.name, tag.tone) == (name, tone):
        return None
    before = {"name": tag.name, "tone": tag.tone}
    tag.name, tag.key, tag.tone = name, tags.key_of(name), tone
    tag.save(update_fields=["name", "key", "tone"])
    return journal.note("tag.changed", subject=tag, actor=by, at=at, before=before)


@transaction.atomic
def merge(tag: Tag, *, into: Tag, by: Member, at: datetime) -> Entry:
    """Whatever has `tag` has `into` instead, and its name means `into`. Raises ValueError when both are the same."""
    if tag == into or into.merged_into_id or tag.merged_into_id:
        raise ValueError("a tag is merged into another that stands by itself")
    # Where both stand, the merged one stays behind unseen, so that it is there again when this is undone.
    has_both = Tagging.objects.filter(tag=into, conversation=OuterRef("conversation"))
    Tagging.objects.filter(~Exists(has_both), tag=tag).update(tag=into, came_as=tag)
    tag.merged_into = into
    tag.save(update_fields=["merged_into"])
    return journal.note("tag.merged", subject=tag, actor=by, at=at, into=into.pk)


@transaction.atomic
def delete(tag: Tag, *, by: Member, at: datetime) -> Entry:
    """It stands on nothing any more, and its name is free."""
    tag.gone_at = at
    tag.save(update_fields=["gone_at"])
    return journal.note("tag.deleted", subject=tag, actor=by, at=at)


@transaction.atomic
def undo(entry: Entry, *, by: Member, at: datetime) -> None:
    """As it was before one of FACTS. Raises ValueError when it moved on since."""
    tag = Tag.objects.get(pk=int(entry.subject.partition(":")[2]))
    if journal.about(tag).filter(pk__gt=entry.pk).exists():
        raise ValueError(f"{tag} changed since")
    if entry.action == "tag.changed":
        before = entry.particulars["before"]
        tag.name, tag.key, tag.tone = before["name"], tags.key_of(before["name"]), before["tone"]
    elif entry.action == "tag.merged":
        Tagging.objects.filter(tag=entry.particulars["into"], came_as=tag).update(tag=F("came_as"), came_as=None)
        tag.merged_into = None
    else:
        tag.gone_at = None
    if tag.gone_at is None and Tag.objects.filter(key=tag.key, gone_at=None).exclude(pk=tag.pk).exists():
        raise ValueError(f"another tag is called {tag} now")
    tag.save()
    journal.note("tag.restored", subject=tag, actor=by, at=at, undoes=entry.pk)
