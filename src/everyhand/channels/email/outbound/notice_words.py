"""What a notice mail says, as plain text and as HTML of the same words.

Mail programs drop style sheets, scripts and most layout, so the HTML is one column with its few styles in the
elements. It names no picture and no font from elsewhere: nobody learns that it was opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from everyhand.conversations import queries
from everyhand.conversations.models import Message
from everyhand.notices import preferences, words
from everyhand.notices.models import Kind, Notice

# Enough to know what it is about; the whole message is a click away.
WORDS_QUOTED: Final = 1500

_INK, _SOFT, _LINE, _ACCENT, _PAPER = "#2b2621", "#6f675d", "#e4ddd1", "#35419c", "#f8f5ef"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
_CARD = f"margin:0 0 16px;padding:18px 20px;border:1px solid {_LINE};border-radius:12px;background:#ffffff"
_BUTTON = (
    f"display:inline-block;padding:9px 16px;border-radius:8px;background:{_ACCENT};color:#ffffff;"
    "text-decoration:none;font-weight:600"
)


@dataclass(frozen=True)
class _About:
    """What happened about one conversation (or one thing that is none)."""

    title: str
    customer: str
    lines: Sequence[tuple[str, str, str]]  # what happened, when, what to do or what somebody said of it
    quoted: str
    link: str


def at_once(news: Sequence[Notice], *, house: str) -> tuple[str, str]:
    """(plain text, HTML) of a mail about one conversation; `news` is not empty, the oldest first."""
    about = _about(news, quotes=True)
    answer = _("Answer this mail to add an internal note; the customer does not see it.") if about.customer else ""
    return _page([about], lead="", foot=[answer, _why(house)])


def digest(news: Sequence[Notice], *, house: str) -> tuple[str, str]:
    """(plain text, HTML) of a digest."""
    ordered = sorted(news, key=lambda one: (one.conversation_id or 0, one.thing if not one.conversation_id else ""))
    together = groupby(ordered, lambda one: one.conversation_id or one.thing)
    everything = [_about(list(some), quotes=False) for _key, some in together]
    lead = _("What happened since the last digest and you have not seen yet:")
    return _page(everything, lead=lead, foot=[_why(house)])


def _about(news: Sequence[Notice], *, quotes: bool) -> _About:
    last = news[-1]
    lines = [
        (
            words.what_happened(one),
            _moment(one),
            " ".join(filter(None, (words.said(one), words.what_to_do(one)))),
        )
        for one in news
    ]
    texts = [one.message for one in news if one.message] or (_what_waits(last) if quotes else [])
    quoted = (texts[-1].reply or texts[-1].text).strip() if quotes and texts else ""
    if len(quoted) > WORDS_QUOTED:
        quoted = quoted[:WORDS_QUOTED].rsplit(maxsplit=1)[0] + " …"
    link = f"{settings.BASE_URL}{last.page}"
    return _About(words.subject(last) or words.what_happened(last), words.customer(last), lines, quoted, link)


def _what_waits(notice: Notice) -> list[Message]:
    """What the customer said last, where a conversation is told of that came to somebody."""
    if notice.kind != Kind.MINE or notice.conversation is None:
        return []
    heard = queries.last_heard(notice.conversation)
    return [heard] if heard else []


def _why(house: str) -> str:
    return _("%(house)s tells you this because you work there. Choose what you are told, and when:") % {"house": house}


def _page(everything: Sequence[_About], *, lead: str, foot: Iterable[str]) -> tuple[str, str]:
    last = [line for line in foot if line]
    quiet = _("Notices and quiet hours")
    choose = f"{settings.BASE_URL}/notices/settings"
    text = "\n\n".join(filter(None, (lead, *(_as_text(one) for one in everything), *last))) + f"\n{choose}\n"
    sections = "".join(_as_html(one) for one in everything)
    feet = "".join(f'<p style="margin:0 0 6px">{escape(line)}</p>' for line in last)
    html = (
        f'<!DOCTYPE html>\n<html lang="{escape(translation.get_language() or "en")}"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light"><meta name="viewport" content="width=device-width"></head>\n'
        f'<body dir="auto" style="margin:0;padding:24px 12px;background:{_PAPER};color:{_INK};{_FONT};'
        'font-size:16px;line-height:1.5"><div style="max-width:560px;margin:0 auto">\n'
        + (f'<p style="margin:0 0 16px">{escape(lead)}</p>\n' if lead else "")
        + f'{sections}<div style="padding:4px 20px;color:{_SOFT};font-size:13px">{feet}'
        f'<p style="margin:0"><a href="{escape(choose)}" style="color:{_SOFT}">'
        f"{escape(quiet)}</a></p></div>\n</div></body></html>\n"
    )
    return text, html


def _as_text(about: _About) -> str:
    head = " · ".join(filter(None, (about.title, about.customer)))
    told = "\n".join(f"- {what} ({when})" + (f"\n  {more}" if more else "") for what, when, more in about.lines)
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in about.quoted.splitlines())
    return "\n\n".join(part for part in (f"{head}\n{told}", quoted.rstrip(), about.link) if part)


def _as_html(about: _About) -> str:
    told = "".join(
        f'<p style="margin:10px 0 0"><strong>{escape(what)}</strong> <span style="color:{_SOFT};font-size:14px">'
        f"{escape(when)}</span>" + (f"<br>{escape(more)}" if more else "") + "</p>"
        for what, when, more in about.lines
    )
    quoted = (
        f'<div style="margin:14px 0 0;padding-left:14px;border-left:3px solid {_LINE};white-space:pre-line" dir="auto">'
        f"{escape(about.quoted)}</div>"
        if about.quoted
        else ""
    )
    customer = f'<div style="color:{_SOFT};font-size:14px">{escape(about.customer)}</div>' if about.customer else ""
    title = f'<div style="font-size:18px;font-weight:600" dir="auto">{escape(about.title)}</div>'
    press = _("Open it in Everyhand")
    button = f'<a href="{escape(about.link)}" style="{_BUTTON}">{escape(press)}</a>'
    return f'<div style="{_CARD}">{customer}{title}{told}{quoted}<p style="margin:18px 0 0">{button}</p></div>\n'


def _moment(notice: Notice) -> str:
    """“2 Mar 2026, 14:05”, by the member's clock and in the active language."""
    zone: ZoneInfo = preferences.zone_of(notice.member)
    language = translation.get_language() or "en"
    try:
        locale = Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    return format_datetime(notice.at.astimezone(zone), "medium", tzinfo=zone, locale=locale).rsplit(":", 1)[0]
