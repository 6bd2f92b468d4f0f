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
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from everyhand.channels.email.webhooks.providers import PROVIDERS
from everyhand.config import forms, identity_provider

PREFIX: Final = "EVERYHAND_"
FILE: Final = "everyhand.toml"


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


SETTINGS: Final = (
    Setting(
        "company", "Everyhand", forms.words, "The name customers know; shown on every page and in acknowledgements."
    ),
    Setting("url", "", forms.web_address, "The address people open in the browser; by default http:// and `web`."),
    Setting("web", "127.0.0.1:8000", forms.listen, "Where the web server listens."),
    Setting(
        "trusted_proxy",
        "",
        forms.addresses,
        "The reverse proxies whose word on who calls (X-Forwarded-For) is believed.",
    ),
    Setting("smtp", "127.0.0.1:2525", forms.listen, "Where the SMTP listener takes mail in, or off."),
    Setting(
        "lmtp",
        "off",
        forms.local_delivery,
        "Where a mail server of yours, such as Postfix, hands mail over by LMTP, or off.",
    ),
    Setting(
        "smtp_certificate", "", forms.existing_file, "A PEM certificate chain; with it the listener offers STARTTLS."
    ),
    Setting(
        "smtp_key", "", forms.existing_file, "The private key of that certificate, when it is not in the same file."
    ),
    Setting("smtp_max_size", "50", forms.megabytes, "The largest mail taken in, in megabytes."),
    Setting(
        "trusted_receiver",
        "",
        forms.words,
        "The name (authserv-id) of the mail server that hands mail over, whose Authentication-Results are believed. "
        "A mailbox that is fetched has one of its own.",
    ),
    Setting(
        "trusted_forwarders",
        "",
        forms.domains,
        "Domains whose seal (ARC) is believed about mail they changed and passed on, with commas between them.",
    ),
    Setting(
        "verify_senders",
        "on",
        forms.switch,
        "Whether the DNS is asked if a mail brought to our door comes from the domain it names.",
    ),
    Setting(
        "mailbox_networks",
        "",
        forms.addresses,
        "Private networks in which administrators may connect mailboxes from the browser; from the shell any may be.",
    ),
    Setting(
        "mailbox_alarm",
        "8m",
        forms.duration,
        "How long a mailbox may not be fetched before the administrators are told.",
    ),
    Setting("google_client_id", "", forms.words, "The application that asks for mailboxes at Google."),
    Setting("google_client_secret", "", forms.words, "Its secret."),
    Setting("microsoft_client_id", "", forms.words, "The application that asks for mailboxes at Microsoft."),
    Setting("microsoft_client_secret", "", forms.words, "Its secret, where it has one."),
    Setting(
        "microsoft_tenant", "organizations", forms.words, "The company's directory at Microsoft: its domain or its id."
    ),
    Setting("inbound_webhooks", "", forms.providers, "The mail providers that may bring mail by HTTP."),
    Setting(
        "inbound_webhook_secret",
        "",
        forms.name_and_password,
        "The name and password by which all of them are known.",
    ),
    Setting("mailgun_webhook_secret", "", forms.signing_secret, "Mailgun's “HTTP webhook signing key”."),
    Setting("mandrill_webhook_secret", "", forms.signing_secret, "Mandrill's “webhook key”."),
    Setting(
        "clamav",
        "",
        forms.virus_scanner,
        "Where ClamAV's clamd listens, which looks for viruses in what is attached; without one nobody does.",
    ),
    Setting("mail_url", "", forms.mail_server, "The mail server that delivers our mail; without one, replies wait."),
    Setting("pace", "60", forms.pace, "How many letters a minute go to addresses of one domain at most, or off."),
    Setting("quote_history", "last", forms.how_much, "How much of what was said before stands below a reply."),
    Setting(
        "dkim_domain", "", forms.domain, "The domain in whose name our mail is signed; empty: our mail server signs."
    ),
    Setting("dkim_selector", "", forms.selector, "Under which name in that domain the public key is published."),
    Setting("dkim_key", "", forms.signing_key, "The PEM file with the private key that signs."),
    Setting("mail_from", "", forms.words, "The sender of sign-in codes; by default the first mailbox."),
    Setting("database_url", "", forms.database, "PostgreSQL; by default SQLite in the data directory."),
    Setting("first_reply", "2h", forms.duration, "How soon we promise a first personal reply."),
    Setting("next_reply", "4h", forms.duration, "How soon we promise an answer to what a customer writes after that."),
    Setting("warn_before", "30m", forms.duration, "How long before a promise breaks its owner is told."),
    Setting("keep_notices", "30d", forms.duration, "How long notices that were read are kept."),
    Setting("keep_audit_trail", "400d", forms.duration, "How long is kept who saw what, and who came in from where."),
    Setting(
        "acknowledge", "off", forms.switch, "Whether a new conversation is acknowledged by mail, naming owner and time."
    ),
    Setting(
        "acknowledge_at_most_every", "1h", forms.duration, "At most one acknowledgement to an address in this time."
    ),
    Setting("undo_send", "10s", forms.duration, "How long a reply can be taken back before it is sent."),
    Setting(
        "free_space",
        "100",
        forms.megabytes,
        "With less free disk than this, in megabytes, mail is asked to come later.",
    ),
    Setting("language", "en", forms.language, "The language of people who chose none."),
    Setting("time_zone", "UTC", forms.time_zone, "The time zone of people who chose none."),
    Setting(
        "sign_in",
        "code, password, passkey, oidc, saml",
        forms.ways_in,
        "How members may sign in: any of code (by mail), password, passkey, oidc and saml.",
    ),
    Setting(
        "second_factor",
        "nobody",
        forms.whom,
        "Who must have a passkey or an authenticator app besides: nobody, admins or everybody.",
    ),
    Setting(
        "oidc_issuer",
        "",
        forms.secure_address,
        "The company's own sign-in (OpenID Connect): its issuer, such as https://login.example.com/realms/staff.",
    ),
    Setting("oidc_client", "", forms.words, "Under which client ID it knows us."),
    Setting("oidc_secret", "", forms.words, "The secret of that client."),
    Setting("oidc_name", "", forms.words, "What stands on the button that leads there; by default the company's name."),
    Setting(
        "saml_metadata",
        "",
        forms.words,
        "The company's own sign-in by SAML: the file with its provider's metadata. Needs the extra `saml`.",
    ),
    Setting(
        "saml_address",
        "",
        forms.words,
        "The attribute in which the provider tells the mail address; by default the usual ones, or the NameID.",
    ),
    Setting("saml_name", "", forms.words, "What stands on the button that leads there; by default the company's name."),
    Setting("workers", "2", forms.few, "How many mails are parsed at the same time."),
)


@dataclass(frozen=True)
class Environment:
    """The data directory and every setting's value, by name; `given` are those that somebody has set."""

    data: Path
    values: Mapping[str, Any]
    given: frozenset[str] = frozenset()

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
    given = frozenset(one.name for one in SETTINGS if one.variable in variables or one.name in written)
    values = {}
    for setting in SETTINGS:
        text = variables.get(setting.variable, written.pop(setting.name, setting.default))
        try:
            values[setting.name] = setting.read(str(text))
        except ValueError as fix:
            raise SettingWrong(f"{setting.variable} is “{_shown(setting, str(text))}”: {fix}.") from None
    _together(values)
    _saml(values, data)
    _webhooks(values)
    if written:
        unknown = ", ".join(sorted(written))
        raise SettingWrong(f"{data / FILE} has settings nobody knows: {unknown}. docs/settings.md lists all of them.")
    unknown_variables = _unknown(variables)
    if unknown_variables:
        raise SettingWrong(
            f"{', '.join(unknown_variables)}: there is no such setting. docs/settings.md lists all of them."
        )
    return Environment(data, values, given)


def _together(values: Mapping[str, Any]) -> None:
    """Settings that mean nothing without each other."""
    issuer = [PREFIX + name.upper() for name in ("oidc_issuer", "oidc_client", "oidc_secret") if not values[name]]
    if 0 < len(issuer) < 3:
        raise SettingWrong(
            f"{' and '.join(issuer)} not set: signing in by OpenID Connect needs issuer, client and secret."
        )
    unset = ({"oidc"} if issuer else set()) | (set() if values["saml_metadata"] else {"saml"})
    if values["sign_in"] <= unset:
        ways = " and ".join(sorted(values["sign_in"]))
        raise SettingWrong(f"{PREFIX}SIGN_IN allows {ways} alone, and no issuer is set: nobody could come in.")
    names = ("dkim_domain", "dkim_selector", "dkim_key")
    missing = [PREFIX + name.upper() for name in names if not values[name]]
    if missing and len(missing) < len(names):
        raise SettingWrong(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, and mail is only signed with "
            "all three of domain, selector and key. Set all, or none."
        )


def _saml(values: dict[str, Any], data: Path) -> None:
    """Read who the identity provider is: `saml_metadata` is None or an `IdentityProvider` from here on."""
    named = values["saml_metadata"]
    values["saml_metadata"] = None
    if not named:
        return
    variable = f"{PREFIX}SAML_METADATA is “{named}”"
    if find_spec("onelogin") is None:
        raise SettingWrong(f"{variable}, which needs python3-saml. Install it: pip install 'everyhand[saml]'.")
    try:
        values["saml_metadata"] = identity_provider.read(data / Path(named).expanduser())
    except ValueError as fix:
        raise SettingWrong(f"{variable}: {fix}.") from None


def _webhooks(values: Mapping[str, Any]) -> None:
    """Who brings mail by HTTP must prove who they are, and what checks that is an extra."""
    chosen = values["inbound_webhooks"]
    if not chosen:
        return
    variable = f"{PREFIX}INBOUND_WEBHOOKS is “{', '.join(chosen)}”"
    if find_spec("anymail") is None:
        raise SettingWrong(f"{variable}, which needs django-anymail. Install it: pip install 'everyhand[anymail]'.")
    needed = ["inbound_webhook_secret", *(PROVIDERS[name].key_setting for name in chosen)]
    missing = [PREFIX + name.upper() for name in needed if name and not values[name]]
    if missing:
        raise SettingWrong(
            f"{variable}, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set, so anybody could "
            "bring mail in their name. docs/webhooks.md says what to set."
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
    if setting.name.endswith("_secret"):
        return "…"
    return re.sub(r"//[^@/]*@", "//…@", text) if setting.name.endswith("_url") else text


def _unknown(variables: Mapping[str, str]) -> list[str]:
    known = {setting.variable for setting in SETTINGS} | {PREFIX + "DATA"}
    return sorted(name for name in variables if name.startswith(PREFIX) and name not in known and "_TEST_" not in name)
