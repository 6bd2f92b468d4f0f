"""DMARC: what a domain asks of those who receive mail in its name, and which other domains may speak for it.

RFC 7489 left it open how the domain that owns a name is found, and everybody used a list of public suffixes. Its
successor (DMARCbis) asks the DNS instead, by walking up the tree, and so do we: no list grows old.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from everyhand.channels.email.authentication.lookup import Questions

STEPS_AT_MOST: Final = 8
_TAG = re.compile(r"\s*([a-z]+)\s*=\s*([^;]*?)\s*(?:;|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner of a domain published. Names that share `owner`, the organisational domain, are of one owner."""

    owner: str
    asks_for_nothing: bool  # p=none: forged mail is to be counted, not acted upon
    strict_dkim: bool
    strict_spf: bool


def policy_of(domain: str, questions: Questions) -> Policy | None:
    """The policy for mail whose `From` is of `domain`; None where there is none. Raises `NoAnswer`."""
    found = _walk(domain, questions)
    owner = _owner(domain, found)
    tags = found.get(domain) or found.get(owner)
    if tags is None:
        return None
    wish = tags.get("p", "none") if domain in found else tags.get("sp", tags.get("p", "none"))
    return Policy(
        owner=owner,
        asks_for_nothing=wish not in ("quarantine", "reject") or tags.get("pct") == "0",
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
    )


def speaks_for(domain: str, claimed: str, policy: Policy, *, strict: bool, questions: Questions) -> bool:
    """Whether `domain`, which was proved, is aligned with `claimed`, the domain of `From`. Raises `NoAnswer`."""
    if domain == claimed:
        return True
    if strict or not (domain == policy.owner or domain.endswith(f".{policy.owner}")):
        return False
    return _owner(domain, _walk(domain, questions)) == policy.owner


def _walk(domain: str, questions: Questions) -> dict[str, dict[str, str]]:
    """The records on the way from `domain` up, by name, nearest first."""
    found: dict[str, dict[str, str]] = {}
    labels = domain.split(".")
    for _step in range(STEPS_AT_MOST):
        name = ".".join(labels)
        records = [tags for text in questions.text(f"_dmarc.{name}") if (tags := _read(text))]
        if len(records) == 1:
            found[name] = records[0]
            if records[0].get("psd") in ("y", "n"):
                break
        labels = labels[1:] if len(labels) <= STEPS_AT_MOST else labels[-(STEPS_AT_MOST - 1) :]
        if not labels:
            break
    return found


def _owner(domain: str, found: dict[str, dict[str, str]]) -> str:
    for name, tags in found.items():
        if tags.get("psd") == "n":
            return name
        if tags.get("psd") == "y" and name != domain:
            below = domain.removesuffix(f".{name}").rpartition(".")[2]
            return f"{below}.{name}"
    return min(found, key=lambda name: name.count("."), default=domain)


def _read(text: str) -> dict[str, str]:
    if not re.match(r"v\s*=\s*DMARC1\s*(;|$)", text):
        return {}
    return {name.lower(): value.lower() for name, value in _TAG.findall(text)}
