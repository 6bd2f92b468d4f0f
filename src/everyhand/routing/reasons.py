"""Why somebody owns a conversation, in words, for the person who asks."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _


def in_words(because: dict[str, Any], owner: str) -> str:
    """One sentence part after "because": `because` is what `routing` or an assignment kept, `owner` a name."""
    match because.get("code"):
        case "rule":
            return _rule(because, owner)
        case "team":
            return _team(because, owner)
        case "left":
            then = in_words(because.get("then", {}), owner)
            return _("%(gone)s is not here any more, and %(reason)s") % {
                "gone": because.get("gone", ""),
                "reason": then,
            }
        case code:
            names = {"by": because.get("by", ""), "owner": owner}
            return {
                "assigned": _("%(by)s handed it over"),
                "taken": _("%(owner)s took it"),
                "back": _("%(owner)s is here again"),
                "forwarded": _("%(owner)s passed it on for the customer, and no rule of the ownership map names it"),
                "no-rule": _("no rule of the ownership map names it, and %(owner)s answers for everything else"),
            }.get(str(code), _("%(owner)s answers for it")) % names


def _team(because: dict[str, Any], owner: str) -> str:
    names = {"team": because.get("team", ""), "owner": owner}
    if because.get("nobody_in_team"):
        return _("it belongs to the team %(team)s, but nobody is in it, so %(owner)s has it") % names
    if because.get("nobody_on_duty"):
        return _("it belongs to the team %(team)s; nobody of it is on duty, so %(owner)s has it") % names
    return _("it belongs to the team %(team)s, and %(owner)s is on duty") % names


def _rule(because: dict[str, Any], owner: str) -> str:
    thing, found = because.get("thing", ""), because.get("found", "")
    if found.lower() in thing.lower():
        found = thing  # "route 4" was found, and "Riverside route 4" says it better
    names = {
        "recipient": _("it was sent to %(found)s"),
        "subject": _("the subject names %(found)s"),
        "words": _("the mail names %(found)s"),
        "sender": _("it comes from %(found)s"),
        "page": _("it mentions the page %(found)s"),
    }.get(because.get("looks_at", ""), _("the mail names %(found)s")) % {"found": found}
    if thing and thing.lower() not in found.lower():
        names = _("%(what)s (%(thing)s)") % {"what": names, "thing": thing}
    if because.get("gone"):
        return _("%(what)s; that belonged to %(gone)s, who is not here any more, so %(owner)s has it") % {
            "what": names,
            "gone": because["gone"],
            "owner": owner,
        }
    team = because.get("team")
    if not team:
        return _("%(what)s, which belongs to %(owner)s") % {"what": names, "owner": owner}
    if because.get("nobody_in_team"):
        return _("%(what)s, which belongs to the team %(team)s, but nobody is in it, so %(owner)s has it") % {
            "what": names,
            "team": team,
            "owner": owner,
        }
    if because.get("nobody_on_duty"):
        return _("%(what)s, which belongs to the team %(team)s; nobody of it is on duty, so %(owner)s has it") % {
            "what": names,
            "team": team,
            "owner": owner,
        }
    return _("%(what)s, which belongs to the team %(team)s, and %(owner)s is on duty") % {
        "what": names,
        "team": team,
        "owner": owner,
    }
