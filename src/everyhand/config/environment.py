"""Every setting of an installation: its name, its default, what it means, and the check it must pass.

A setting comes from the environment (`EVERYHAND_FIRST_REPLY=2h`) or from `everyhand.toml` in the data directory
(`first_reply = "2h"`); the environment wins. A value that can't be right stops the program at once, with the name,
the value and the fix.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import available_timezones

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

PREFIX: Final = "EVERYHAND_"
FILE: Final = "everyhand.toml"

_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?"


class SettingWrong(Exception):
    """A setting can't be right. The message names the setting, its value and the fix, on one line."""


@dataclass(frozen=True)
class Setting:
    """One setting. `read` turns its text into a value and raises ValueError with the fix, or returns the value."""

    name: str
    default: str
    read: Callable[[str], Any]
    meaning: str

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


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
    if text not in available_timezones():
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


SETTINGS: Final = (
    Setting("company", "Everyhand", words, "The name customers know; shown on every page and in acknowledgements."),
    Setting("url", "", web_address, "The address people open in the browser; by default http:// and `web`."),
    Setting("web", "127.0.0.1:8000", listen, "Where the web server listens."),
    Setting(
        "trusted_proxy", "", addresses, "The reverse proxies whose word on who calls (X-Forwarded-For) is believed."
    ),
    Setting("smtp", "127.0.0.1:2525", listen, "Where the SMTP listener takes mail in, or off."),
    Setting(
        "lmtp", "off", local_delivery, "Where a mail server of yours, such as Postfix, hands mail over by LMTP, or off."
    ),
    Setting("smtp_certificate", "", existing_file, "A PEM certificate chain; with it the listener offers STARTTLS."),
    Setting("smtp_key", "", existing_file, "The private key of that certificate, when it is not in the same file."),
    Setting("smtp_max_size", "50", megabytes, "The largest mail taken in, in megabytes."),
    Setting(
        "trusted_receiver",
        "",
        words,
        "The name (authserv-id) of the mail server before ours whose Authentication-Results are believed.",
    ),
    Setting(
        "verify_senders",
        "on",
        switch,
        "Whether the DNS is asked if a mail brought to our door comes from the domain it names.",
    ),
    Setting("mail_url", "", mail_server, "The mail server that delivers our mail; without one, replies wait."),
    Setting("pace", "60", pace, "How many letters a minute go to addresses of one domain at most, or off."),
    Setting("quote_history", "last", how_much, "How much of what was said before stands below a reply."),
    Setting("dkim_domain", "", domain, "The domain in whose name our mail is signed; empty: our mail server signs."),
    Setting("dkim_selector", "", selector, "Under which name in that domain the public key is published."),
    Setting("dkim_key", "", signing_key, "The PEM file with the private key that signs."),
    Setting("mail_from", "", words, "The sender of sign-in codes; by default the first mailbox."),
    Setting("database_url", "", database, "PostgreSQL; by default SQLite in the data directory."),
    Setting("first_reply", "2h", duration, "How soon we promise a first personal reply."),
    Setting("next_reply", "4h", duration, "How soon we promise an answer to what a customer writes after that."),
    Setting("acknowledge", "off", switch, "Whether a new conversation is acknowledged by mail, naming owner and time."),
    Setting("acknowledge_at_most_every", "1h", duration, "At most one acknowledgement to an address in this time."),
    Setting("undo_send", "10s", duration, "How long a reply can be taken back before it is sent."),
    Setting(
        "free_space", "100", megabytes, "With less free disk than this, in megabytes, mail is asked to come later."
    ),
    Setting("language", "en", language, "The language of people who chose none."),
    Setting("time_zone", "UTC", time_zone, "The time zone of people who chose none."),
    Setting("workers", "2", few, "How many mails are parsed at the same time."),
)


@dataclass(frozen=True)
class Environment:
    """The data directory and every setting's value, by name."""

    data: Path
    values: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise AttributeError(name) from None


def read(variables: Mapping[str, str] | None = None) -> Environment:
    """Read and check every setting. Raises `SettingWrong`."""
    variables = os.environ if variables is None else variables
    data = Path(variables.get(PREFIX + "DATA") or "var").expanduser().absolute()
    written = _file(data / FILE)
    values = {}
    for setting in SETTINGS:
        text = variables.get(setting.variable, written.pop(setting.name, setting.default))
        try:
            values[setting.name] = setting.read(str(text))
        except ValueError as fix:
            raise SettingWrong(f"{setting.variable} is “{_shown(setting, str(text))}”: {fix}.") from None
    _together(values)
    if written:
        unknown = ", ".join(sorted(written))
        raise SettingWrong(f"{data / FILE} has settings nobody knows: {unknown}. docs/settings.md lists all of them.")
    unknown_variables = _unknown(variables)
    if unknown_variables:
        raise SettingWrong(
            f"{', '.join(unknown_variables)}: there is no such setting. docs/settings.md lists all of them."
        )
    return Environment(data, values)


def _together(values: Mapping[str, Any]) -> None:
    """Settings that mean nothing without each other."""
    names = ("dkim_domain", "dkim_selector", "dkim_key")
    missing = [PREFIX + name.upper() for name in names if not values[name]]
    if missing and len(missing) < len(names):
        raise SettingWrong(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, and mail is only signed with "
            "all three of domain, selector and key. Set all, or none."
        )


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingWrong(f"{path} can't be read: {error}. Mend that line, or remove the file.") from None


def _shown(setting: Setting, text: str) -> str:
    # An address of a server may hold a password, and what stops the program lands in logs.
    return re.sub(r"//[^@/]*@", "//…@", text) if setting.name.endswith("_url") else text


def _unknown(variables: Mapping[str, str]) -> list[str]:
    known = {setting.variable for setting in SETTINGS} | {PREFIX + "DATA"}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known and "_TEST_" not in name)
