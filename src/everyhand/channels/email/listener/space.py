"""Whether there is room on the disk for more mail."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

LOOK_AGAIN_SECONDS: Final = 1.0


class FreeSpace:
    """The free bytes of the disk that holds `path`, looked up at most once a second. `reserve` is never given out."""

    def __init__(self, path: Path, *, reserve: int, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._reserve = reserve
        self._now = now
        self._free = 0
        self._looked_at = float("-inf")

    def holds(self, size: int) -> bool:
        """Whether `size` more bytes fit without touching the reserve."""
        if self._now() - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._free, self._looked_at = shutil.disk_usage(self._path).free, self._now()
        return self._free - size >= self._reserve
