"""Promises that are about to break: told while there is still time to keep them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import CharField, Exists, F, OuterRef, Value
from django.db.models.functions import Cast, Concat

from everyhand.notices.actions import announce
from everyhand.notices.models import Kind, Notice
from everyhand.notices.news import News
from everyhand.promises.models import Promise


def tell_what_is_about_to_break(*, at: datetime, within: timedelta, limit: int = 100) -> None:
    """Tell the owner of each open promise whose time passes `within` this.

    A promise that was made later than that is news to its owner as it is. Who takes one over is told in their turn.
    """
    this = Concat(Value("promise:"), Cast(OuterRef("pk"), CharField()))
    told = Notice.objects.filter(member=OuterRef("owner"), thing=this)
    close = (
        Promise.objects.filter(kept_at=None, withdrawn_at=None, broken_at=None, due_at__lte=at + within, due_at__gt=at)
        .filter(made_at__lt=F("due_at") - within)
        .exclude(Exists(told))
        .select_related("owner", "conversation")
        .order_by("due_at")
    )
    news = [
        News(
            [promise.owner],
            Kind.PROMISE,
            thing=f"promise:{promise.pk}",
            happened_at=at,
            conversation=promise.conversation,
            particulars={"due_at": promise.due_at.isoformat()},
        )
        for promise in close[:limit]
    ]
    if news:
        announce(news, at=at)
