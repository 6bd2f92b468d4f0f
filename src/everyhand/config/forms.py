"""The forms a setting's text can have: each reads it into a value, or raises ValueError with what to write instead."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

from everyhand.channels.email.webhooks.providers import PROVIDERS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"


def words(text: str) -> str:
    return text


def switch(text: str) -> bool:
    if text.lower() in ("on", "yes", "true", "1"):
        return True
    if text.lower() in ("off", "no", "false", "0"):
        return False
    raise ValueError("say on or off")


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `2h`, `1d`."""
    match = re.fullmatch(r"(\d{1,6})\s*([smhd])", text.strip().lower())
    if not match:
        raise ValueError("give a number and a unit, such as 90s, 15m, 2h or 1d")
    return timedelta(**{{"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]: int(match[1])})


def ways_in(text: str) -> frozenset[str]:
    """`code, passkey`: a set of code, password, passkey, oidc and saml, with something in it."""
    ways = frozenset(word.strip().lower() for word in text.split(",") if word.strip())
    if not ways or not ways <= {"code", "password", "passkey", "oidc", "saml"}:
        raise ValueError("name at least one of code, password, passkey, oidc, saml, with commas between them")
    return ways


def whom(text: str) -> str:
    """`nobody`, `admins` or `everybody`."""
    if text.strip().lower() not in ("nobody", "admins", "everybody"):
        raise ValueError("it is one of nobody, admins, everybody")
    return text.strip().lower()


def secure_address(text: str) -> str:
    """An https address without a slash at its end, or ""."""
    address = text.strip().rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("give an address that begins with https://")
    return address


def megabytes(text: str) -> int:
    """Bytes from whole megabytes."""
    if not text.strip().isdigit() or not 1 <= int(text) <= 1000:
        raise ValueError("give a whole number of megabytes from 1 to 1000")
    return int(text) * 1_000_000


def listen(text: str) -> tuple[str, int] | None:
    """`127.0.0.1:8000`, `[::1]:8000`, or `off` for None."""
    if text.strip().lower() == "off":
        return None
    host, colon, port = text.strip().rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise ValueError("give an address and a port such as 127.0.0.1:8000, or off")
    return host.strip("[]"), int(port)


def local_delivery(text: str) -> tuple[str, int] | None:
    """An address and a port to listen on, or `off`. The port of SMTP is never LMTP's (RFC 2033 section 5)."""
    address = listen(text)
    if address and address[1] == 25:
        raise ValueError("give another port than 25, such as 127.0.0.1:2424, or off")
    return address


def web_address(text: str) -> SplitResult | None:
    if not text:
        return None
    address = urlsplit(text.strip().rstrip("/"))
    if address.scheme not in ("http", "https") or not address.hostname:
        raise ValueError("give the address people open in the browser, such as https://help.example.com")
    return address


def mail_server(text: str) -> SplitResult | None:
    """`smtp://host:25`, `smtp+starttls://user:secret@host:587`, `smtps://user:secret@host:465`, or "" for None."""
    if not text:
        return None
    address = urlsplit(text.strip())
    try:
        right = address.scheme in ("smtp", "smtp+starttls", "smtps") and address.hostname and (address.port or 25)
    except ValueError:
        right = False
    if not right:
        raise ValueError(
            "give smtp://HOST:PORT, smtp+starttls://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465"
        )
    return address


def virus_scanner(text: str) -> SplitResult | None:
    """`unix:///run/clamav/clamd.ctl`, `tcp://127.0.0.1:3310`, or "" for None."""
    if not text:
        return None
    address = urlsplit(text.strip())
    try:
        right = (address.scheme == "unix" and address.path) or (
            address.scheme == "tcp" and address.hostname and address.port
        )
    except ValueError:
        right = False
    if not right:
        raise ValueError("give unix:///run/clamav/clamd.ctl or tcp://HOST:3310, where clamd listens")
    return address


def database(text: str) -> SplitResult | None:
    if not text:
        return None
    address = urlsplit(text.strip())
    if address.scheme not in ("postgresql", "postgres") or not address.path.strip("/"):
        raise ValueError("leave it empty for SQLite, or give postgresql://USER:PASSWORD@HOST:5432/NAME")
    return address


def existing_file(text: str) -> Path | None:
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError("there is no such file")
    return path


def time_zone(text: str) -> str:
    if text != "UTC" and text not in available_timezones():  # to list them all takes longer than to read all settings
        raise ValueError("give a zone such as Europe/Berlin or UTC")
    return text


def language(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", text.lower()):
        raise ValueError("give a language code such as en or de")
    return text.lower()


def addresses(text: str) -> list[str]:
    """IP addresses and networks, separated by commas."""
    given = [one.strip() for one in text.split(",") if one.strip()]
    try:
        for one in given:
            ip_network(one)
    except ValueError:
        raise ValueError(
            "give IP addresses such as 127.0.0.1, or networks such as 10.0.0.0/8, separated by commas"
        ) from None
    return given


def few(text: str) -> int:
    if not text.strip().isdigit() or not 1 <= int(text) <= 64:
        raise ValueError("give a whole number from 1 to 64")
    return int(text)


def how_much(text: str) -> str:
    if text.lower() not in ("none", "last", "all"):
        raise ValueError("say none, last or all")
    return text.lower()


def pace(text: str) -> int | None:
    """Letters a minute, or `off` for None."""
    if text.strip().lower() == "off":
        return None
    if not text.strip().isdigit() or not 1 <= int(text) <= 100_000:
        raise ValueError("give a whole number of letters from 1 to 100000, or off")
    return int(text)


def domain(text: str) -> str:
    if text and not re.fullmatch(rf"{_LABEL}(\.{_LABEL})+", text.lower()):
        raise ValueError("give a domain such as example.com, with letters outside ASCII as xn--…")
    return text.lower()


def domains(text: str) -> list[str]:
    """Domains, separated by commas."""
    return [domain(one.strip()) for one in text.split(",") if one.strip()]


def providers(text: str) -> list[str]:
    """Mail providers whose webhooks are understood, separated by commas."""
    given = [one.strip().lower() for one in text.split(",") if one.strip()]
    if not set(given) <= set(PROVIDERS):
        raise ValueError(f"give one or several of {', '.join(PROVIDERS)}, separated by commas")
    return given


def name_and_password(text: str) -> str:
    """Of HTTP's basic authentication (RFC 7617), of letters that need no encoding in an address."""
    if text and not re.fullmatch(r"[A-Za-z0-9._~-]+:[A-Za-z0-9._~-]{16,}", text):
        raise ValueError(
            "give NAME:PASSWORD, the password of 16 or more letters and digits; `openssl rand -hex 24` makes one"
        )
    return text


def signing_secret(text: str) -> str:
    if not text.isascii() or len(text.split()) > 1:
        raise ValueError("give the key as the provider shows it, without spaces")
    return text.strip()


def selector(text: str) -> str:
    """RFC 6376 section 3.1."""
    if text and not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", text.lower()):
        raise ValueError("give a word such as everyhand or 2026a")
    return text.lower()


def signing_key(text: str) -> RSAPrivateKey | Ed25519PrivateKey | None:
    """The key in a PEM file; RFC 8301 section 3.2 forbids signing with fewer than 1024 bits."""
    path = existing_file(text)
    if path is None:
        return None
    # Takes its time to load, and most installations let their mail server sign.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError):
        key = None
    if isinstance(key, RSAPrivateKey) and key.key_size >= 1024:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise ValueError(
        "this user must be able to read it, and it must hold an RSA key of 1024 bits or more, or an Ed25519 key, "
        "in PEM without a password; `openssl genrsa -out dkim.pem 2048` makes one"
    )
