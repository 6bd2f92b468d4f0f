"""Secrets of others that must be read again, such as the password of a mailbox: sealed where they are stored.

The keys are in a file of their own in the data directory, `stored-secrets.key`, so a copy of the database alone opens
nothing. It has one key a line, the newest first: the first seals, any of them opens. Each seal is authenticated
encryption (Fernet: AES-128-CBC and HMAC-SHA-256), and says when it was made.

To change the key: `add_key`, then `sealed_anew` for everything stored, then `forget_old_keys`. Processes that run
meanwhile notice, because the file is read each time.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

KEYS = "stored-secrets.key"


class CannotOpen(Exception):
    """No key in the key file opens this secret: the file was lost, or belongs to another installation."""

    def __init__(self) -> None:
        super().__init__(
            f"No key in {_path()} opens the stored secret. Put back the file that belongs to this database, "
            "or enter the secret again."
        )


def seal(secret: str) -> str:
    """`secret` as text that only the key file opens. Raises OSError when there is no key and none can be written."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises `CannotOpen`."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen from None


def sealed_anew(sealed: str) -> str:
    """The same secret sealed with the newest key. Raises `CannotOpen`."""
    try:
        return _keys().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen from None


def add_key() -> None:
    """From now on seal with a new key; what is sealed already still opens."""
    _keys()
    _replace([Fernet.generate_key().decode(), *_lines()])


def forget_old_keys() -> None:
    """Keep the newest key only: what was not sealed anew can't be opened any more."""
    _replace(_lines()[:1])


def _keys() -> MultiFernet:
    try:
        lines = _lines()
    except FileNotFoundError:
        _make_first(Fernet.generate_key().decode())
        lines = _lines()
    return MultiFernet([Fernet(line.encode()) for line in lines])


def _lines() -> list[str]:
    return _path().read_text("ascii").split()


def _make_first(key: str) -> None:
    """Write the file at once and whole, unless another process was faster."""
    written = _write_beside([key])
    try:
        os.link(written, _path())
    except FileExistsError:
        pass
    finally:
        written.unlink()


def _replace(keys: list[str]) -> None:
    _write_beside(keys).replace(_path())


def _write_beside(keys: list[str]) -> Path:
    path = _path().with_name(f"{KEYS}.{os.getpid()}")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path


def _path() -> Path:
    data: Path = settings.EVERYHAND.data
    return data / KEYS
