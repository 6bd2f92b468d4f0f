"""Writes docs/settings.md from the program itself, so that the page can't tell of settings that don't exist.

python -m docs.settings
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from everyhand.channels.email.webhooks.providers import PROVIDERS
from everyhand.config import environment, forms
from everyhand.config.environment import Setting

PAGE: Final = Path(__file__).with_name("settings.md")

# What a value looks like, by the function that reads it, where the meaning does not say so.
FORMS: Final[dict[object, str]] = {
    forms.switch: "`on` or `off`.",
    forms.duration: "Such as `90s`, `15m`, `2h`, `1d`.",
    forms.megabytes: "1 to 1000.",
    forms.listen: "Such as `127.0.0.1:8000`, `[::1]:8000`, or `off`.",
    forms.addresses: "Such as `127.0.0.1` or `10.0.0.0/8`, separated by commas.",
    forms.domains: "Such as `lists.example.org, example.net`.",
    forms.local_delivery: "Such as `127.0.0.1:2424`, or `off`.",
    forms.web_address: "Such as `https://help.example.com`.",
    forms.mail_server: (
        "`smtp://HOST:25`, `smtp+starttls://USER:PASSWORD@HOST:587` or `smtps://USER:PASSWORD@HOST:465`."
    ),
    forms.database: "`postgresql://USER:PASSWORD@HOST:5432/NAME`.",
    forms.existing_file: "The path of a file.",
    forms.time_zone: "Such as `Europe/Berlin`.",
    forms.language: "Such as `en` or `de`.",
    forms.few: "1 to 64.",
    forms.how_much: "`none`, `last` (the message before it) or `all`.",
    forms.pace: "1 to 100000, or `off`.",
    forms.domain: "Such as `example.com`.",
    forms.providers: f"One or several of {', '.join(f'`{name}`' for name in PROVIDERS)}, separated by commas.",
    forms.name_and_password: "`NAME:PASSWORD`.",
    forms.selector: "Such as `everyhand`.",
    forms.signing_key: "The path of a PEM file with an RSA or Ed25519 key.",
}

BEGINNING: Final = """\
# Settings

*Written by `python -m docs.settings` from `src/everyhand/config/environment.py`.*

Everyhand runs without any. A setting comes from the environment (`EVERYHAND_FIRST_REPLY=2h`) or from the file
`everyhand.toml` in the data directory, by the same name without `EVERYHAND_` and in small letters
(`first_reply = "2h"`). The environment wins; the file is seen by every command, whoever calls it.

The data directory itself is `EVERYHAND_DATA`, by default `var` in the current directory. It holds the database,
`everyhand.toml`, and `secret.key`, which signs reply addresses and sessions: keep it, and keep it secret.

A setting that can't be right, or that nobody knows, stops the program at once with exit status 78, its name, its value
and the fix:

```console
$ EVERYHAND_FIRST_REPLY=soon everyhand ledger
everyhand: EVERYHAND_FIRST_REPLY is “soon”: give a number and a unit, such as 90s, 15m, 2h or 1d.
```

| setting | what it means | default |
|---|---|---|
"""

ENDING: Final = """
In a URL, signs such as `@`, `:` and `/` in a user name or password are percent-encoded: `p@ss` is `p%40ss`.

An installation that answers customers by mail needs two settings and mostly has four, here in `everyhand.toml`:

```toml
company = "The Riverside Courier"
url = "https://help.example.com"
mail_url = "smtp+starttls://help%40example.com:PASSWORD@mail.example.com:587"
time_zone = "Europe/Berlin"
```

[Operating](operating.md) says what they mean in practice.
"""


def page() -> str:
    """The whole page, as it has to be."""
    return BEGINNING + "".join(row(setting) for setting in environment.SETTINGS) + ENDING


def row(setting: Setting) -> str:
    """One setting as a row of the table."""
    default = f"`{setting.default}`" if setting.default else ""
    meaning = f"{setting.meaning} {FORMS.get(setting.read, '')}".strip()
    return f"| `{setting.variable}` | {meaning} | {default} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
