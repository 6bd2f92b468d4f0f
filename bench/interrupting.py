"""Being interrupted, by Ctrl-C, SIGTERM or a terminal that is closed: what was begun is taken away first."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Final

_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_when_interrupted() -> None:
    """From now on an interruption is an exception, so that every `finally` is passed; a second one changes nothing."""
    for number in _INTERRUPTIONS:
        signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    for one in _INTERRUPTIONS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)
