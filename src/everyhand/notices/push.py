"""Notices on devices: straight to the push service of each browser (RFC 8030), with nobody between us and it.

The service learns which device is told and when; what is said only the device can read. Requests leave through
`core.safe_http`, since the address of a push service is whatever a browser told us.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import httpx
import structlog
from django.conf import settings
from django.db import transaction
from django.utils import translation

from everyhand.core import safe_http, work
from everyhand.core.secrets import CannotOpen
from everyhand.notices import devices, encryption, push_keys, queries, words
from everyhand.notices.models import Kind, Notice, PushTelling

log = structlog.get_logger(__name__)

BATCH: Final = 20
# A device that is off for longer finds it on the page.
KEPT_FOR: Final = timedelta(days=1)
# Characters; together they fit into one record in any script.
LONGEST: Final = 200
# What the service answers when the device is gone or asks for nothing any more (RFC 8030 section 7.3).
_GONE: Final = (404, 410)
# What can't be sent this way at any time; everything else may work later.
_NEVER: Final = (400, 403, 413)


def push_due(at: datetime, *, client: httpx.Client | None = None) -> int:
    """Push what is due; how many rows there were. Outside any transaction, but for the row of each outcome.

    Nothing is shown twice when a try is repeated: a device shows what has the same tag only once.
    """
    claimed = work.claim(PushTelling, at=at, limit=BATCH)
    if claimed:
        with client or safe_http.client() as post:
            for telling in _with_their_notices(claimed):
                _tell(telling, post, at)
    return len(claimed)


def _with_their_notices(claimed: Sequence[PushTelling]) -> list[PushTelling]:
    notices = queries.with_all_that_is_said(Notice.objects.all()).in_bulk([one.notice_id for one in claimed])
    for telling in claimed:
        telling.notice = notices[telling.notice_id]
    return list(claimed)


def _tell(telling: PushTelling, post: httpx.Client, at: datetime) -> None:
    try:
        if queries.may_be_told(telling.notice):
            _answered(telling, _push(telling, post, at), at)
        else:
            work.complete(telling, at=at)
    except work.LeaseLost:
        log.warning("another worker had taken it over", telling=telling.pk)
    except safe_http.NotAllowed as refused:
        work.quarantine(telling, str(refused), at=at)
    except (httpx.HTTPError, CannotOpen) as error:
        work.fail(telling, f"{type(error).__name__}: {error}", at=at)


def _push(telling: PushTelling, post: httpx.Client, at: datetime) -> httpx.Response:
    device, notice = telling.device, telling.notice
    url = httpx.URL(device.endpoint)
    content = encryption.encrypted(
        _said(notice),
        public_key=devices.from_base64url(device.public_key),
        secret=devices.from_base64url(device.secret),
    )
    port = f":{url.port}" if url.port else ""
    return post.post(
        url,
        content=content,
        headers={
            "Authorization": push_keys.authorization(f"{url.scheme}://{url.host}{port}", at=at),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(KEPT_FOR.total_seconds())),
            "Urgency": "high" if notice.kind in (Kind.PAGED, Kind.PROMISE, Kind.TROUBLE) else "normal",
            "Topic": f"notice-{notice.pk}"[:32],  # a later try takes the place of one that waits
        },
    )


def _answered(telling: PushTelling, answer: httpx.Response, at: datetime) -> None:
    if answer.is_success:
        work.complete(telling, at=at)
    elif answer.status_code in _GONE:
        devices.remove(telling.device, by=None, at=at)  # and with it all that was to be told there
    else:
        reason = f"{answer.status_code} {answer.text[:300]}".strip()
        with transaction.atomic():
            if answer.status_code in _NEVER:
                work.quarantine(telling, reason, at=at)
            else:
                work.fail(telling, reason, at=at)


def _said(notice: Notice) -> bytes:
    """What the service worker shows: a title, a line, and where a click leads."""
    with translation.override(notice.member.language or settings.EVERYHAND.language):
        about = " · ".join(filter(None, (words.customer(notice), words.subject(notice)))) or words.what_to_do(notice)
        shown = {
            "title": words.what_happened(notice)[:LONGEST],
            "body": about[:LONGEST],
            "page": notice.page,
            "tag": f"notice-{notice.pk}",
        }
    return json.dumps(shown, ensure_ascii=False).encode("utf-8", "replace")
