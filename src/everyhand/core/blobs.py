"""Bytes that belong to something else (an attachment, a picture), stored once however often they come.

They live in the database on purpose: what a message says and what is attached to it are committed together, backed up
together and gone together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import models, transaction


class Blob(models.Model):
    """Some bytes, known by their SHA-256."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveBigIntegerField()
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.sha256[:12]} ({self.size} bytes)"


def digest(content: bytes) -> str:
    """By what these bytes are known."""
    return hashlib.sha256(content).hexdigest()


def keep(content: bytes) -> Blob:
    """The blob with these bytes, stored now unless it already was."""
    sha256 = digest(content)
    known = Blob.objects.filter(sha256=sha256).defer("content").first()
    if known:
        return known
    blob, _ = Blob.objects.get_or_create(sha256=sha256, defaults={"size": len(content), "content": content})
    return blob


def let_go(keys: Iterable[int]) -> None:
    """Delete those of these blobs that belong to nothing any more."""
    for blob in Blob.objects.filter(pk__in=list(keys)).defer("content"):
        try:
            with transaction.atomic():
                blob.delete()
        except models.ProtectedError:
            continue  # something else has the same bytes
