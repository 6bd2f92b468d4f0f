"""The table of documents."""

from __future__ import annotations

from typing import Any, Final

from django.db import models


class IndexedWords(models.BinaryField):  # type: ignore[type-arg]
    """The words of a document: a `tsvector` on PostgreSQL; on SQLite, where the index does not hold them, compressed.

    Each back end reads and writes it in its own way; the ORM never loads it (see `Document.objects`).
    """

    def db_type(self, connection: Any) -> str:
        return "tsvector" if connection.vendor == "postgresql" else "blob"


class DocumentManager(models.Manager["Document"]):
    def get_queryset(self) -> models.QuerySet[Document]:
        return super().get_queryset().defer("words")


class Document(models.Model):
    """Something that can be found, by the caller's `number`: the highest is the newest. See `place` for the key."""

    number = models.BigIntegerField(unique=True)
    group = models.BigIntegerField(db_index=True)
    words = IndexedWords()

    objects = DocumentManager()

    def __str__(self) -> str:
        return f"{self.number} of {self.group}"


# How often a document can be put again before a key is used again.
EDITIONS: Final = 64


def place(number: int, *, after: int | None = None) -> int:
    """The key of a document, in the order of the numbers, and another one each time it is put: `after` is the last.

    A row of FTS5 that is deleted and put again under its key in one transaction can spoil the index: queries for the
    beginning of a word then end in "database disk image is malformed" (seen with SQLite 3.40).
    """
    edition = 0 if after is None else (after + 1) % EDITIONS
    return number * EDITIONS + edition
