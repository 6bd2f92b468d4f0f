"""Lines of a CSV file (RFC 4180) in which every cell is text, whatever somebody outside wrote into it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

# With these, also in their full width, a spreadsheet takes a cell for a formula, which may fetch and send (OWASP,
# "CSV Injection").
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def line(cells: Iterable[object]) -> str:
    """One line with its end. A cell that looks like a formula begins with an apostrophe; NUL is left out."""
    written = StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([_as_text(str(cell)) for cell in cells])
    return written.getvalue()


def _as_text(cell: str) -> str:
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
