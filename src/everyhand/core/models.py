"""The tables of this floor, each in the module that owns it."""

from everyhand.core.blobs import Blob
from everyhand.core.bookmarks import Bookmark, Setback
from everyhand.core.heartbeat import Pulse
from everyhand.core.journal import Entry
from everyhand.core.looks import Look
from everyhand.core.search.documents import Document

__all__ = ["Blob", "Bookmark", "Document", "Entry", "Look", "Pulse", "Setback"]
