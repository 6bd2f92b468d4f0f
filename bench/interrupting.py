"""Being interrupted, by Ctrl-C, SIGTERM or a terminal that is closed: what was begun is taken away first."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final

_INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_when_interrupted() -> None:
    """From now on an interruption is an exception, so that every `finally` is passed; a second one changes nothing."""
    for number in _INTERRUPTIONS:
        signal.signal(number, _leave)


def said_by(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """What a command prints. When we are interrupted it is told, and waited for: it takes away what it began. Raises
    RuntimeError when it fails.
    """
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, text=True) as child:
        try:
            said, _ = child.communicate()
        except BaseException:
            child.terminate()
            raise
    if child.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}")
    return said


def _leave(number: int, _frame: FrameType | None) -> None:
    for one in _INTERRUPTIONS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)
