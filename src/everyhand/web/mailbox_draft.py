"""A mailbox that an administrator is about to connect: what they typed and what was found, between two pages.

It waits in their session, sealed like every stored secret, and is forgotten after an hour.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpRequest

from everyhand.channels.email.fetching.connecting import Found
from everyhand.channels.email.fetching.consent import Application, Question
from everyhand.channels.email.models import ConnectedMailbox
from everyhand.core import secrets

KEY: Final = "mailbox_draft"
KEPT_FOR: Final = timedelta(hours=1)


@dataclass
class Draft:
    """`address` is ours, `secret` a password or the JSON of a grant, `days` how far back history goes. `question` is
    on its way to a provider. `renews` is the primary key of a connected mailbox that only needs a new secret.
    """

    address: str
    host: str
    port: int
    security: str
    user: str
    folder: str
    sign_in: str
    days: int
    secret: str = ""
    found: Found | None = None
    question: Question | None = None
    renews: int | None = None

    def row(self) -> ConnectedMailbox:
        """As a row that is not stored, to look with and to connect."""
        return ConnectedMailbox(
            host=self.host,
            port=self.port,
            security=self.security,
            user=self.user,
            folder=self.folder,
            sign_in=self.sign_in,
        )


def keep(request: HttpRequest, draft: Draft, *, at: datetime) -> None:
    request.session[KEY] = secrets.seal(json.dumps({"at": at.isoformat(), "draft": asdict(draft)}))


def kept(request: HttpRequest, *, at: datetime) -> Draft | None:
    """The draft of this browser; None when there is none, it is too old, or the key was changed meanwhile."""
    try:
        read = json.loads(secrets.unseal(request.session.get(KEY, "")))
    except secrets.CannotOpen:
        return None
    if at - datetime.fromisoformat(read["at"]) > KEPT_FOR:
        return None
    fields = read["draft"]
    found, question = fields.pop("found"), fields.pop("question")
    draft = Draft(**fields, found=Found(**found) if found else None)
    if question:
        draft.question = Question(**{**question, "application": Application(**question["application"])})
    return draft


def forget(request: HttpRequest) -> None:
    request.session.pop(KEY, None)
