"""What follows from a fact for members: news for some of them, or that older news is done with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from everyhand.conversations.models import Conversation, Message
from everyhand.notices.models import Kind
from everyhand.people.models import Member


@dataclass(frozen=True)
class News:
    """Something to tell these members. `thing` is what it is about: of the same thing nobody is told twice."""

    members: Sequence[Member]
    kind: Kind
    thing: str
    happened_at: datetime
    conversation: Conversation | None = None
    message: Message | None = None
    by: Member | None = None  # whoever did it, and need not be told
    particulars: Mapping[str, Any] = field(default_factory=dict)  # what `words` needs besides


@dataclass(frozen=True)
class Settled:
    """What these were about is done with: nobody needs to look."""

    things: tuple[str, ...]


Follows = Iterable[News | Settled]
