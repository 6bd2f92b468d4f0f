"""How much of a mail we are willing to read: caps that ordinary mail never meets and hostile mail always does."""

from __future__ import annotations

# Bytes of the whole mail. Big providers send up to 25-35 MB of attachments, a third more once encoded.
TOTAL = 50 * 1024 * 1024
# Bytes and fields of one header block. Long reference chains and Received lines stay below a tenth of this.
HEADER_BYTES = 512 * 1024
HEADER_FIELDS = 1_000
# Bytes of the header blocks of all parts together.
ALL_HEADER_BYTES = 4 * 1024 * 1024
ADDRESSES = 5_000
PARTS = 2_000
# Multiparts inside multiparts; attached messages inside attached messages count too.
DEPTH = 50
# Ids we keep from In-Reply-To and References: the first names the thread, the last ones the mail answered.
REFERENCES = 100
ID_LENGTH = 998
# Characters of a name or a subject. What is cut off stays in the raw mail.
SUBJECT_LENGTH = 2_000
NAME_LENGTH = 500
EMAIL_LENGTH = 320  # RFC 5321, section 4.5.3.1: 64 for the local part, 255 for the domain, one @
FILE_NAME_LENGTH = 200
# Bytes of text shown in place, of all parts together: a thick book. A longer text is shown in part and kept whole as a
# file. Pictures written into HTML do not count.
TEXT_BYTES = 500_000
# Characters of HTML that are read as a tree; beyond it, and beyond this many open elements, tags are just removed.
HTML_LENGTH = 2_000_000
HTML_DEPTH = 400


class TooHostile(ValueError):
    """The mail was refused before or while it was read. `reason` is a plain sentence for the person who looks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def check_size(raw: bytes) -> None:
    """Raise `TooHostile` if the mail as a whole is too big to read."""
    if len(raw) > TOTAL:
        raise TooHostile(
            f"The mail is {len(raw) / 1_048_576:.0f} MB long; we read up to {TOTAL // 1_048_576} MB. "
            "Ask the sender for a link to the files."
        )


class Budget:
    """What reading one mail has used up so far. Each method raises `TooHostile` when that is too much."""

    def __init__(self) -> None:
        self.parts = 0
        self.header_bytes = 0

    def part(self, depth: int) -> None:
        self.parts += 1
        if self.parts > PARTS:
            raise TooHostile(f"The mail has more than {PARTS} parts.")
        if depth > DEPTH:
            raise TooHostile(f"The mail has parts nested more than {DEPTH} deep.")

    def header_block(self, size: int) -> None:
        self.header_bytes += size
        if size > HEADER_BYTES:
            raise TooHostile(f"The mail has a header longer than {HEADER_BYTES // 1024} kB.")
        if self.header_bytes > ALL_HEADER_BYTES:
            raise TooHostile(f"The headers of its parts are longer than {ALL_HEADER_BYTES // 1024} kB together.")

    def fields(self, count: int) -> None:
        if count > HEADER_FIELDS:
            raise TooHostile(f"The mail has more than {HEADER_FIELDS} header fields.")


def check_addresses(count: int) -> None:
    """Raise `TooHostile` if a mail names more people than any real one."""
    if count > ADDRESSES:
        raise TooHostile(f"The mail names more than {ADDRESSES} addresses.")
