"""A calendar part as one line of text (RFC 5545), so that an invitation is read and not only attached."""

from __future__ import annotations

import re

_PROPERTY = re.compile(r"([A-Za-z-]{1,40})((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)")
_WHEN = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")
_METHODS = {"CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "COUNTER": "Another time proposed"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "accepted tentatively"}


def line(calendar: str) -> str:
    """The first event of `calendar`: "Invitation: Visit, 2026-03-01 12:00 (Europe/Berlin), at Room 4, from a@b.org"."""
    found = _properties(calendar[:200_000])
    said = [_words(found, "SUMMARY") or "(no title)"]
    if start := _when(found, "DTSTART"):
        end = _when(found, "DTEND")
        said.append(f"{start} to {end}" if end and end != start else start)
    if place := _words(found, "LOCATION"):
        said.append(f"at {place}")
    if organizer := re.sub(r"(?i)^mailto:", "", _words(found, "ORGANIZER")):
        said.append(f"from {organizer}")
    if found.get("METHOD", ("", ""))[1].upper() == "REPLY":
        answer = re.search(r"PARTSTAT=([A-Za-z-]+)", found.get("ATTENDEE", ("", ""))[0], re.IGNORECASE)
        said += [_ANSWERS[answer.group(1).upper()]] if answer and answer.group(1).upper() in _ANSWERS else []
    title = _METHODS.get(found.get("METHOD", ("", ""))[1].upper(), "Invitation")
    described = _words(found, "DESCRIPTION")
    return f"{title}: {', '.join(said)}" + (f"\n{described}" if described else "")


def _properties(calendar: str) -> dict[str, tuple[str, str]]:
    """Parameters and value of the first of each property of the calendar and its first event."""
    found: dict[str, tuple[str, str]] = {}
    inside: list[str] = []
    for text in re.sub(r"\r?\n[ \t]", "", calendar).splitlines():
        parsed = _PROPERTY.match(text)
        if parsed is None:
            continue
        name, parameters, value = parsed.group(1).upper(), parsed.group(2), parsed.group(3).strip()
        if name == "BEGIN":
            inside.append(value.upper())
        elif name == "END":
            if inside and inside.pop() in ("VEVENT", "VTODO"):
                break
        elif inside in (["VCALENDAR"], ["VCALENDAR", "VEVENT"], ["VCALENDAR", "VTODO"]):
            found.setdefault(name, (parameters, value))
    return found


def _words(found: dict[str, tuple[str, str]], name: str) -> str:
    value = found.get(name, ("", ""))[1]
    return re.sub(r"\\(.)", lambda escaped: "\n" if escaped.group(1) in "nN" else escaped.group(1), value).strip()


def _when(found: dict[str, tuple[str, str]], name: str) -> str:
    parameters, value = found.get(name, ("", ""))
    parsed = _WHEN.match(value)
    if parsed is None:
        return ""
    year, month, day, hour, minute, utc = parsed.groups()
    if hour is None:
        return f"{year}-{month}-{day}"
    zone = re.search(r"TZID=\"?([^\";:]+)", parameters)
    where = "UTC" if utc else zone.group(1) if zone else ""
    return f"{year}-{month}-{day} {hour}:{minute}" + (f" ({where})" if where else "")
