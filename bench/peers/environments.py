"""A virtual environment of its own for a desk that comes from the package index, with exactly what is locked."""

from __future__ import annotations

import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).parent / "requirements"


class NotPresent(Exception):
    """This desk can't be had here; why, and what to do."""


def python_of(name: str, *, within: Path) -> Path:
    """The Python that has what `requirements/NAME.txt` locks. It is made when it is not there yet, and used again as
    long as that file stays the same. Raises NotPresent when the package index does not give it.
    """
    locked = REQUIREMENTS / f"{name}.txt"
    home = within / f"{name}-{sha256(locked.read_bytes()).hexdigest()[:8]}"
    python, complete = home / "bin" / "python", home / "complete"
    if not complete.exists():
        print(f"installing {name} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        asked = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        done = subprocess.run([*asked, "-r", str(locked)], capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines()
            raise NotPresent(f"pip could not install it: {said[-1] if said else 'it said nothing'}")
        complete.touch()
    return python
