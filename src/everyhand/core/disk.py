"""The disk that everything is kept on: told of while there is still time, not when it is full.

Both are facts in the journal, written once each time it turns: `disk.short` and `disk.well`.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

from everyhand.core import journal

SUBJECT: Final = "disk"
# Parts of the whole disk that are free. It is well again a little later, so that it does not turn with each mail.
SHORT: Final = 0.10
WELL: Final = 0.12


def watch(path: Path, *, at: datetime) -> bool:
    """Note in the journal when the disk of `path` has become short of room, or well again; whether it turned."""
    whole = shutil.disk_usage(path)
    free = whole.free / whole.total
    if was_short() and free >= WELL:
        journal.note("disk.well", subject=SUBJECT, at=at)
    elif not was_short() and free < SHORT:
        journal.note("disk.short", subject=SUBJECT, at=at, free_mb=whole.free // 1_000_000, percent=int(free * 100))
    else:
        return False
    return True


def was_short() -> bool:
    """Whether it was short of room when it turned last."""
    last = journal.about(SUBJECT).last()
    return last is not None and last.action == "disk.short"
