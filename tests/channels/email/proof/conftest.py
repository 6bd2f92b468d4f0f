"""A filer that lasts, since its parser takes a second to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from everyhand.channels.email.authentication import Judge
from everyhand.channels.email.file import Filer
from tests.cast import Cast
from tests.channels.email.proof.post import Post
from tests.channels.email.proof.senders import world


@pytest.fixture(scope="session")
def filer() -> Iterator[Filer]:
    made = Filer(judge=Judge(resolver=world(), trusted_receiver="mx.courier.test"))
    yield made
    made.close()


@pytest.fixture
def post(filer: Filer, cast: Cast) -> Post:
    return Post(filer, cast)
