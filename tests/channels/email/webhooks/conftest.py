"""The Courier's post behind the door."""

from tests.channels.email.proof.conftest import filer, post

__all__ = ["filer", "post"]
