"""What is imported stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """Import in the block what stays as long as the process: whoever looks for garbage meanwhile looks at all of it
    again and again, and after the block it is never looked at, so that parts that are forked share it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
