"""The mail providers whose webhooks are understood: what proves a request theirs, and where the mail stands in it.

Every one of them can send a mail as it came. Only some have to be told to; else they send what they made of it, and
the mail is rebuilt from that, without what they left out and with signatures that do not hold any more.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from everyhand.channels.email.webhooks.brought import Brought

LONGEST_ADDRESS: Final = 320


@dataclass(frozen=True, slots=True)
class Handed:
    """One mail of a request: its bytes, None when the provider took it apart, and what is known of its envelope."""

    raw: bytes | None
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """`view` is the module and class of django-anymail that proves its requests. Where they are signed, `signed_with`
    is what that class calls the key, and `key_setting` the setting of ours that holds it. `mails` are the mails of a
    request; it raises LookupError, TypeError or ValueError when they stand elsewhere than documented.
    """

    view: tuple[str, str]
    mails: Callable[[Brought], Iterator[Handed]]
    signed_with: str = ""
    key_setting: str = ""


def _of_mailgun(brought: Brought) -> Iterator[Handed]:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/"""
    if "body-mime" in brought.POST or "message-headers" in brought.POST:
        yield _handed(brought.raw("body-mime"), brought.POST.get("sender"), brought.POST.get("recipient"))


def _of_mandrill(brought: Brought) -> Iterator[Handed]:
    """https://mailchimp.com/developer/transactional/docs/webhooks/"""
    for event in json.loads(brought.POST["mandrill_events"]):
        if event.get("event") == "inbound":
            yield _handed(_encoded(event["msg"]["raw_msg"]), "", event["msg"].get("email"))


def _of_postmark(brought: Brought) -> Iterator[Handed]:
    """https://postmarkapp.com/developer/webhooks/inbound-webhook"""
    told = json.loads(brought.body)
    if told.get("RecordType", "Inbound") == "Inbound":
        headers = told.get("Headers") or []
        # Postmark puts its own first; any other is the sender's.
        sender = headers[0]["Value"] if headers and headers[0]["Name"].lower() == "return-path" else ""
        raw = _encoded(told["RawEmail"]) if told.get("RawEmail") else None
        yield _handed(raw, sender, told.get("OriginalRecipient"))


def _of_sendgrid(brought: Brought) -> Iterator[Handed]:
    """https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook"""
    envelope: Mapping[str, Any] = json.loads(brought.POST.get("envelope", "{}"))
    yield _handed(brought.raw("email"), envelope.get("from"), *envelope.get("to", ()))


def _of_sparkpost(brought: Brought) -> Iterator[Handed]:
    """https://developers.sparkpost.com/api/relay-webhooks/"""
    for event in json.loads(brought.body):
        relayed = event["msys"].get("relay_message")
        if relayed:
            text = relayed["content"]["email_rfc822"]
            raw = b64decode(text) if relayed["content"].get("email_rfc822_is_base64") else _encoded(text)
            yield _handed(raw, relayed.get("msg_from"), relayed.get("rcpt_to"))


def _encoded(text: str) -> bytes:
    # JSON can hold lone surrogates; no mail is refused for what is odd in it.
    return text.encode("utf-8", "surrogatepass")


def _handed(raw: bytes | None, sender: object, *recipients: object) -> Handed:
    return Handed(raw, _address(sender), tuple(address for one in recipients if (address := _address(one))))


def _address(told: object) -> str:
    """An address of the envelope, or "" for none and for what no database could hold."""
    text = told.strip().removeprefix("<").removesuffix(">") if isinstance(told, str) else ""
    return text if text.isprintable() and len(text) <= LONGEST_ADDRESS else ""


PROVIDERS: Final[Mapping[str, Provider]] = {
    "mailgun": Provider(
        ("mailgun", "MailgunInboundWebhookView"), _of_mailgun, "webhook_signing_key", "mailgun_webhook_secret"
    ),
    "mandrill": Provider(
        ("mandrill", "MandrillCombinedWebhookView"), _of_mandrill, "webhook_key", "mandrill_webhook_secret"
    ),
    "postmark": Provider(("postmark", "PostmarkInboundWebhookView"), _of_postmark),
    "sendgrid": Provider(("sendgrid", "SendGridInboundWebhookView"), _of_sendgrid),
    "sparkpost": Provider(("sparkpost", "SparkPostInboundWebhookView"), _of_sparkpost),
}
