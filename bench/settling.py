"""A made-up company whose story ended a while ago has a day's promises to break and tell of when it is started, and one
in which mail was measured has notices to write, while one that was never stopped has nothing to do. What is measured is
a company that has caught up.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from django.utils import timezone

from bench.server import running
from everyhand.core import work
from everyhand.core.journal import Entry

QUIET: Final = 3.0  # seconds in which nothing happens: then all is done
PATIENCE: Final = 600.0  # seconds; then it is measured as it is


def catch_up(data: Path) -> None:
    """Until the worker has nothing more to do about what happened."""
    with running("worker", data=data):
        give_up_at = time.monotonic() + PATIENCE
        newest, since = _newest(), time.monotonic()
        while time.monotonic() < min(since + QUIET, give_up_at):
            time.sleep(0.2)
            if _newest() != newest or _is_due():
                newest, since = _newest(), time.monotonic()


def _is_due() -> bool:
    now = timezone.now()
    return any(work.open_rows(kind).filter(due_at__lte=now).exists() for kind in work.kinds())


def _newest() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
