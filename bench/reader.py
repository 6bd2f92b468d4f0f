"""Somebody who works here, with a browser: one connection that stays open, a real session, and its cookies."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter

from django.utils import timezone

from bench.session import Session, form_with
from everyhand.people import actions as people
from everyhand.people.models import Member

TOKEN = "csrfmiddlewaretoken"  # noqa: S105 (the name of a field)


class Reader(Session):
    """Signed in at the server on `port` by a link, as `everyhand signin-link` makes them."""

    def __init__(self, member: Member, port: int) -> None:
        super().__init__(port)
        self.member = member
        token = people.make_sign_in_link(member, at=timezone.now(), valid_for=timedelta(minutes=10))
        self.send(f"/sign-in/{token}", form_with(TOKEN, self.read(f"/sign-in/{token}")))

    def time_of_reading(self, address: str) -> float:
        """Seconds until all of the page is here."""
        began = perf_counter()
        self.ask("GET", address)
        return perf_counter() - began

    def time_of_sending(self, page: str, address: str, **typed: str) -> float:
        """The same for a form of `page`."""
        sent = {TOKEN: form_with(TOKEN, page)[TOKEN], **typed}
        began = perf_counter()
        self.send(address, sent)
        return perf_counter() - began
