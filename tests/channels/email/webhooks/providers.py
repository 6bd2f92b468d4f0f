"""What the providers send, made as they make it: the envelope, the mail as it came or taken apart, and their proof."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from django.http import HttpResponse
from django.test import Client

from tests.cast import HELP

ADA: Final = "ada@example.org"
SECRET: Final = "everyhand:a-password-of-the-courier"
MAILGUN_KEY: Final = "key-of-mailgun"
MANDRILL_KEY: Final = "key-of-mandrill"
HOST: Final = "http://testserver"

Fields = Mapping[str, bytes | str]


@dataclass(frozen=True)
class Request:
    """A provider's request, with `secret` as its basic authentication; sent as often as one likes."""

    name: str
    type: str
    body: bytes
    headers: Mapping[str, str]
    secret: str = SECRET

    def send(self) -> HttpResponse:
        headers = {**self.headers, "Authorization": f"Basic {base64.b64encode(self.secret.encode()).decode()}"}
        answer: Any = Client().post(path(self.name), self.body, self.type, headers=headers)
        return answer  # type: ignore[no-any-return]


def path(name: str) -> str:
    return f"/webhooks/{name}/mime"


def _form(name: str, fields: Fields, headers: Mapping[str, str] | None = None, files: Any = ()) -> Request:
    made = httpx.Request("POST", HOST, files=[*((field, (None, value)) for field, value in fields.items()), *files])
    return Request(name, made.headers["Content-Type"], made.read(), headers or {})


def _json(name: str, content: object) -> Request:
    return Request(name, "application/json", json.dumps(content).encode(), {})


def mailgun(raw: bytes, *, key: str = MAILGUN_KEY) -> Request:
    return _form("mailgun", {**_mailgun_envelope(key), "body-mime": raw})


def mailgun_in_one_line(raw: bytes) -> Request:
    """A small mail without files comes like this."""
    made = httpx.Request("POST", HOST, data=_mailgun_envelope(MAILGUN_KEY))
    line = b"".join(b"%%%02X" % letter for letter in raw)
    return Request("mailgun", made.headers["Content-Type"], made.read() + b"&body-mime=" + line, {})


def mailgun_taken_apart(headers: Mapping[str, str], text: str, file: bytes) -> Request:
    fields = {"message-headers": json.dumps(list(headers.items())), "body-plain": text, "attachment-count": "1"}
    files = [("attachment-1", ("", file, "image/png"))]
    return _form("mailgun", {**_mailgun_envelope(MAILGUN_KEY), **fields}, files=files)


def _mailgun_envelope(key: str) -> dict[str, str]:
    timestamp, token = "1772452800", "a-token-of-mailgun"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    proof = {"timestamp": timestamp, "token": token, "signature": signature}
    return {"sender": ADA, "recipient": HELP, **proof}


def mandrill(*raws: bytes, key: str = MANDRILL_KEY) -> Request:
    events = json.dumps([{"event": "inbound", "msg": {"raw_msg": raw.decode(), "email": HELP}} for raw in raws])
    signed = f"http://{SECRET}@testserver{path('mandrill')}mandrill_events{events}"
    signature = base64.b64encode(hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    made = httpx.Request("POST", HOST, data={"mandrill_events": events})
    return Request("mandrill", made.headers["Content-Type"], made.read(), {"X-Mandrill-Signature": signature})


def postmark(raw: bytes) -> Request:
    return _json("postmark", {**_postmark_envelope(), "RawEmail": raw.decode()})


def postmark_taken_apart(headers: Mapping[str, str], text: str, file: bytes) -> Request:
    fields = [{"Name": name, "Value": value} for name, value in headers.items() if name == "Message-ID"]
    attachment = {"Name": "wet.png", "ContentType": "image/png", "Content": base64.b64encode(file).decode()}
    envelope = _postmark_envelope()
    return _json(
        "postmark",
        {
            **envelope,
            "FromFull": {"Name": "Ada Brown", "Email": ADA},
            "ToFull": [{"Name": "", "Email": HELP}],
            "Headers": [*envelope["Headers"], *fields],
            "Subject": headers["Subject"],
            "Date": headers["Date"],
            "TextBody": text,
            "Attachments": [attachment],
        },
    )


def _postmark_envelope() -> dict[str, Any]:
    return {"OriginalRecipient": HELP, "Headers": [{"Name": "Return-Path", "Value": f"<{ADA}>"}]}


def sendgrid(raw: bytes) -> Request:
    return _form("sendgrid", {"email": raw, "envelope": json.dumps({"to": [HELP], "from": ADA})})


def sendgrid_taken_apart(headers: Mapping[str, str], text: str, file: bytes) -> Request:
    fields = {
        "headers": "\n".join(f"{name}: {value}" for name, value in headers.items()),
        "text": text,
        "envelope": json.dumps({"to": [HELP], "from": ADA}),
        "attachment-info": json.dumps({"attachment1": {"filename": "wet.png"}}),
    }
    return _form("sendgrid", fields, files=[("attachment1", ("wet.png", file, "image/png"))])


def sparkpost(*raws: bytes) -> Request:
    return _json("sparkpost", [{"msys": {"relay_message": _relayed(raw)}} for raw in raws])


def _relayed(raw: bytes) -> dict[str, Any]:
    content = {"email_rfc822": base64.b64encode(raw).decode(), "email_rfc822_is_base64": True}
    return {"content": content, "msg_from": ADA, "rcpt_to": HELP, "protocol": "smtp"}


WHOLE: Final[list[Callable[[bytes], Request]]] = [
    mailgun,
    mailgun_in_one_line,
    mandrill,
    postmark,
    sendgrid,
    sparkpost,
]
TAKEN_APART: Final = [mailgun_taken_apart, postmark_taken_apart, sendgrid_taken_apart]
