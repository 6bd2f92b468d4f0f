"""Who was erased, remembered without a name, so that a restored backup does not bring them back.

A backup is older than what was erased after it. So each erased address leaves a line in the file `erased` of the data
directory, beside the database and in no backup: an HMAC-SHA-256 of the address under the installation's secret, and
when. `everyhand setup`, which every start runs, compares the file with the database and erases again whoever came back.
Keep the newest copy of the file with your backups when the whole machine may be lost.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from everyhand.core import journal
from everyhand.customers.models import Customer, Erasure, Identity, Tombstone

NAME = "erased"


def digest(identity: Identity) -> str:
    """What stands for an identity: nobody without the secret can tell whose it was, or try addresses against it."""
    words = f"{identity.kind}:{identity.value}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), b"tombstone:" + words, hashlib.sha256).hexdigest()


def raise_for(identities: Iterable[Identity], *, at: datetime) -> list[str]:
    """Write their tombstones to the file, before anything is erased, and return the digests. Raises OSError."""
    digests = [digest(identity) for identity in identities if identity.kind != Identity.UNKNOWN]
    known = _in_file()
    path = _path()
    is_new = not path.exists()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
        file.writelines(f"{one} {at.isoformat()}\n" for one in digests if one not in known)
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        _sync_directory(path.parent)
    return digests


def set_in_stone(digests: Iterable[str], *, at: datetime) -> None:
    """The database knows it too, in the transaction that erases."""
    Tombstone.objects.bulk_create([Tombstone(digest=one, at=at) for one in digests], ignore_conflicts=True)


def erase_again(*, at: datetime) -> int:
    """Ask to erase everybody whom the file calls erased and the database does not; how many came back."""
    in_file = _in_file()
    if not in_file:
        return 0
    unknown = in_file.keys() - set(Tombstone.objects.values_list("digest", flat=True))
    if not unknown:
        return 0
    back: set[int] = set()
    for identity in Identity.objects.select_related("customer").iterator(chunk_size=2000):
        found = digest(identity)
        # Whoever wrote to us after they were erased is somebody we serve again.
        if found in unknown and identity.customer.since <= in_file[found]:
            back.add(identity.customer_id)
    with transaction.atomic():
        for customer in Customer.objects.filter(pk__in=back, erasure=None):
            Erasure.objects.create(customer=customer, asked_at=at, due_at=at)
            journal.note("customer.erasure_asked", subject=customer, at=at, restored=True)
        set_in_stone(unknown, at=at)
    return len(back)


def _in_file() -> dict[str, datetime]:
    """When each digest was written. A line that was cut off by a power cut says nothing."""
    try:
        lines = _path().read_text().splitlines()
    except FileNotFoundError:
        return {}
    fields = [line.split() for line in lines]
    return {one[0]: datetime.fromisoformat(one[1]) for one in fields if len(one) == 2 and len(one[0]) == 64}


def _path() -> Path:
    return Path(settings.EVERYHAND.data) / NAME


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
