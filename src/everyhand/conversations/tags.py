"""Tags: which are known, which stand on a conversation, putting them on and taking them off.

A tag is there as long as it stands on something: it is made by being used, and nobody learns of one that stands only on
what they may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from everyhand.conversations import sight
from everyhand.conversations.models import Conversation, Tag, Tagging
from everyhand.core import journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member

LONGEST: Final = 40
MOST_ON_ONE: Final = 20
# Whoever types sees no more; a longer list is no help in choosing.
SUGGESTED: Final = 100
# Those that can be seen: not deleted, and no mere further name of another.
LIVE: Final = Q(gone_at=None, merged_into=None)
LIVE_TAG: Final = Q(tag__gone_at=None, tag__merged_into=None)

# Marks a conversation on which any stands, so that a page without tags costs no read for them.
TAGGED: Final = Exists(Tagging.objects.filter(conversation=OuterRef("pk")))


def known_to(member: Member) -> QuerySet[Tag]:
    """Those that stand on something `member` may see."""
    # Asked of the conversations of each tag: a list of all that they may see would be every conversation there is.
    return Tag.objects.filter(LIVE, Exists(sight.visible_to(member).filter(taggings__tag=OuterRef("pk"))))


def suggested_to(member: Member) -> QuerySet[Tag]:
    """The most used ones first."""
    return known_to(member).annotate(uses=Count("taggings")).order_by("-uses", "name")[:SUGGESTED]


def on(conversations: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of each of the conversations with these keys, by name; one read."""
    found: dict[int, list[Tag]] = {}
    taggings = Tagging.objects.filter(LIVE_TAG, conversation__in=conversations).select_related("tag")
    for tagging in taggings.order_by("tag__key"):
        found.setdefault(tagging.conversation_id, []).append(tagging.tag)
    return found


def carrying(tag: int) -> Q:
    """The conversations with the tag of this key, or with the one it was merged into."""
    meant = Tag.objects.filter(LIVE, Q(pk=tag) | Q(merged_from=tag))
    return Q(pk__in=Tagging.objects.filter(tag__in=meant).values("conversation"))


def without_any() -> Q:
    return ~Q(Exists(Tagging.objects.filter(LIVE_TAG, conversation=OuterRef("pk"))))


def names_in(words: str) -> list[str]:
    """Names as typed: commas between them, a # before one or not. Raises ValidationError with what to do."""
    names: dict[str, str] = {}
    for piece in words.replace("\0", "").replace("\n", ",").split(","):
        name = " ".join(piece.split()).removeprefix("#").strip()
        if name:
            names.setdefault(key_of(name), check(name))
    return list(names.values())


def check(name: str) -> str:
    """The name, if a tag can be called so. Raises ValidationError with what to do."""
    if len(name) > LONGEST:
        raise ValidationError(_("A tag has at most %(num)d letters. Use fewer words.") % {"num": LONGEST})
    if name.isdecimal() or key_of(name) == "none":
        raise ValidationError(_("“%(name)s” can't be told from a number or from “none”. Add a word.") % {"name": name})
    return name


def key_of(name: str) -> str:
    return name.casefold()


def called(names: Iterable[str]) -> list[Tag]:
    """The tags of these names, made where there are none; a name of a merged one means what it was merged into."""
    found = []
    for name in names:
        tag, _made = Tag.objects.get_or_create(key=key_of(name), gone_at=None, defaults={"name": name})
        while tag.merged_into:
            tag = tag.merged_into
        found.append(tag)
    return found


def retag(
    conversation: Conversation,
    *,
    on: Iterable[Tag] = (),
    off: Iterable[Tag] = (),
    by: Member,
    at: datetime,
    **more: Any,
) -> Entry | None:
    """Put tags on, take others off. The fact of what changed; None when nothing did, or when there would be too many.

    The conversation must be locked; `more` goes into the fact.
    """
    has = set(Tagging.objects.filter(LIVE_TAG, conversation=conversation).values_list("tag", flat=True))
    new = list(dict.fromkeys(one.pk for one in on if one.pk not in has))
    gone = [one.pk for one in off if one.pk in has]
    if not (new or gone) or len(has) + len(new) - len(gone) > MOST_ON_ONE:
        return None
    Tagging.objects.bulk_create((Tagging(conversation=conversation, tag_id=one) for one in new), ignore_conflicts=True)
    Tagging.objects.filter(conversation=conversation, tag__in=gone).delete()
    return journal.note("conversation.tagged", subject=conversation, actor=by, at=at, added=new, removed=gone, **more)


def bring_along(merged: Conversation, *, to: Conversation) -> list[int]:
    """Tags of `merged` stand on `to` as well; the primary keys of the new taggings."""
    has = Tagging.objects.filter(conversation=to).values("tag")
    new = Tagging.objects.filter(conversation=merged).exclude(tag__in=has).values_list("tag", flat=True)
    return [Tagging.objects.create(conversation=to, tag_id=tag).pk for tag in new]
