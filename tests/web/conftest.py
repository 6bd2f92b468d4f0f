"""Somebody in front of a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from everyhand.people.models import Member

SignedIn = Callable[[Member], Client]


@pytest.fixture
def as_member() -> SignedIn:
    """A browser in which this member is signed in."""

    def sign_in(member: Member) -> Client:
        client = Client()
        client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
