"""Canned replies: words that are said again and again, kept once, with places for what differs (see `placeholders`).

One is its maker's own, a team's, or everybody's. Whoever uses one gets a copy in their draft; what was sent stays as it
was when the canned reply changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from everyhand.conversations import placeholders, rich_text
from everyhand.conversations.models import CannedFile, CannedReply, Conversation
from everyhand.conversations.placeholders import Filled
from everyhand.conversations.saying import Upload
from everyhand.core import blobs, journal
from everyhand.core.journal import Entry
from everyhand.people.models import Member, Membership, Team

# As many as are looked through for the words of a search.
LOOKED_THROUGH: Final = 1_000
# Whoever writes one has saved it by then.
HELD_FOR: Final = timedelta(days=1)


def within_reach(member: Member) -> QuerySet[CannedReply]:
    """Their own, their teams' and everybody's; the most used first."""
    theirs = Q(maker=member, team=None, for_everyone=False)
    reach = theirs | Q(for_everyone=True) | Q(team__in=Membership.objects.filter(member=member).values("team"))
    return CannedReply.objects.filter(reach).select_related("team", "maker").order_by("-times_used", "name", "pk")


def find(member: Member, words: str) -> list[CannedReply]:
    """Those of `within_reach` with all of `words` in them; whose name begins with them comes first."""
    wanted = words.casefold().split()
    found = [
        one
        for one in within_reach(member)[:LOOKED_THROUGH]
        if all(word in f"{one.name}\n{one.text}".casefold() for word in wanted)
    ]
    if not wanted:
        return found
    return sorted(
        found, key=lambda one: (not one.name.casefold().startswith(wanted[0]), wanted[0] not in one.name.casefold())
    )


def teams_to_share_with(member: Member) -> QuerySet[Team]:
    """The teams for which `member` may write canned replies: those they lead, and all of theirs if they see every
    queue.
    """
    memberships = Membership.objects.filter(member=member)
    if not member.sees_every_queue:
        memberships = memberships.filter(lead=True)
    return Team.objects.filter(pk__in=memberships.values("team"))


def may_change(one: CannedReply, member: Member) -> bool:
    """Its maker what is their own, specialists what is everybody's, and of a team's `teams_to_share_with`."""
    if one.for_everyone:
        return member.sees_every_queue
    if one.team_id is not None:
        return teams_to_share_with(member).filter(pk=one.team_id).exists()
    return one.maker_id == member.pk


def keep(
    one: CannedReply, *, by: Member, at: datetime, files: Iterable[Upload] = (), left_out: Sequence[str] = ()
) -> None:
    """A new one, or one that changed; `left_out` are tokens of files that are not to go with it any more.

    Raises ValidationError when it says nothing, or is for people whom `by` may not write it for.
    """
    files = list(files)
    one.name = " ".join((one.name.strip() or one.text[:60]).split())[:80]
    stays = bool(one.pk) and one.files.filter(inline=False).exclude(token__in=left_out).exists()
    if not (one.text.strip() or files or stays):
        raise ValidationError({"text": _("Write what it should say, or attach a file.")})
    if not may_change(one, by):
        raise ValidationError({"shared": _("You can’t write canned replies for these people. Choose others.")})
    one.name = one.name or _("A file")
    one.changed_at = at
    one.full_clean(exclude=["maker", "team"])
    with transaction.atomic():
        one.save()
        shown = _shown_in(one)
        _delete(one.files.filter(Q(token__in=left_out) | Q(inline=True)).exclude(inline=True, content_id__in=shown))
        CannedFile.objects.bulk_create(
            CannedFile(canned_reply=one, blob=blobs.keep(file.content), **file.fields) for file in files
        )
        _take_in(one, shown, by=by)
        journal.note("canned_reply.kept", subject=one, actor=by, at=at)


@transaction.atomic
def remove(one: CannedReply, *, by: Member, at: datetime) -> Entry:
    """Nobody finds it any more, until it is brought back; what was said with it stays said."""
    one.gone_at = at
    one.save(update_fields=["gone_at"])
    return journal.note("canned_reply.removed", subject=one, actor=by, at=at)


@transaction.atomic
def bring_back(one: CannedReply, *, by: Member, at: datetime, undoes: int) -> None:
    """One that was removed, with its files."""
    one.gone_at = None
    one.save(update_fields=["gone_at"])
    journal.note("canned_reply.restored", subject=one, actor=by, at=at, undoes=undoes)


@transaction.atomic
def hold(picture: Upload, *, by: Member, at: datetime) -> CannedFile:
    """A picture between words that are not saved yet: `keep` takes it in, if it still stands there then. What nobody
    took in for a day goes.
    """
    _delete(CannedFile.objects.filter(held_by=by, held_since__lt=at - HELD_FOR))
    return CannedFile.objects.create(held_by=by, held_since=at, blob=blobs.keep(picture.content), **picture.fields)


def pictures_for(member: Member) -> QuerySet[CannedFile]:
    """Those in canned replies within their reach, and those they put into one that is not saved yet."""
    theirs = Q(canned_reply__in=within_reach(member).order_by()) | Q(held_by=member)
    return CannedFile.objects.filter(theirs, inline=True)


def used(one: CannedReply) -> None:
    """Somebody put it into a draft; what is used often is found first."""
    CannedReply.objects.filter(pk=one.pk).update(times_used=F("times_used") + 1)


def in_place(one: CannedReply, conversation: Conversation, *, author: Member) -> tuple[Filled, Filled]:
    """Its plain words and its HTML as `author` would say them to the customer of `conversation`.

    The HTML is made of the words when it has none of its own.
    """
    values = what_is_known(conversation, author=author)
    text = placeholders.fill(one.text, values)
    html = one.html or rich_text.from_text(one.text)
    return text, placeholders.fill_html(html, values)


def _shown_in(one: CannedReply) -> set[str]:
    """The Content-IDs of the pictures between its words."""
    return set(re.findall(r'src="cid:([^">]+)"', one.html))


def _take_in(one: CannedReply, shown: set[str], *, by: Member) -> None:
    """The pictures it shows and has not yet: those that were put there, or came with words of another one."""
    lacking = shown - set(one.files.values_list("content_id", flat=True)) if shown else set()
    found = pictures_for(by).filter(content_id__in=lacking) if lacking else ()
    once = {file.content_id: file for file in found}.values()
    CannedFile.objects.bulk_create(CannedFile(canned_reply=one, **file.fields) for file in once)


def _delete(files: QuerySet[CannedFile]) -> None:
    kept = list(files.values_list("blob", flat=True))
    files.delete()
    blobs.let_go(kept)


def what_is_known(conversation: Conversation, *, author: Member) -> dict[str, str]:
    """The value for each of `placeholders.NAMES`; "" for what is not known."""
    customer = conversation.customer
    organization = customer.organization
    return {
        "first name": placeholders.first_name(customer.name),
        "name": customer.name if "@" not in customer.name else "",
        "company": organization.name if organization else "",
        "number": str(conversation.pk),
        "subject": conversation.subject,
        "my first name": placeholders.first_name(author.name) or author.name,
        "my name": author.name,
    }
