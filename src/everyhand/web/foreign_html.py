"""The one way by which HTML that somebody else wrote gets onto a screen: cleaned, and alone in a document of its own.

Three walls, each of which would do: what nh3 lets through holds nothing that runs or loads by itself; the document
carries a policy under which nothing could (Content-Security-Policy, W3C CSP Level 3); and it stands in a sandboxed
frame without scripts, forms or our origin. No picture is loaded from outside, because loading one tells its sender who
looked and when: those that a reader asked for were fetched by us (`conversations.remote_pictures`) and stand inside.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from html import escape

import nh3

from everyhand.core import pictures

# Of a mail's own pictures, so much is carried inside the page.
PICTURE_BYTES_AT_MOST = 10_000_000

TAGS = nh3.ALLOWED_TAGS | {"font", "center", "u", "big"}
LOOKS = {"style", "align", "valign", "bgcolor", "color", "width", "height", "border", "cellpadding", "cellspacing"}
ATTRIBUTES = {
    tag: {*nh3.ALLOWED_ATTRIBUTES.get(tag, set()), *LOOKS, *({"face", "size"} if tag == "font" else ())} for tag in TAGS
} | {"*": {"dir", "lang", "title"}}
STYLES = frozenset(
    "background-color border border-bottom border-collapse border-color border-left border-radius border-right "  # noqa: SIM905
    "border-spacing border-style border-top border-width color display font font-family font-size font-style "
    "font-weight height letter-spacing line-height list-style-type margin margin-bottom margin-left margin-right "
    "margin-top max-width min-width padding padding-bottom padding-left padding-right padding-top text-align "
    "text-decoration text-indent text-transform vertical-align white-space width word-break".split()
)
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

# What the frame looks like before the mail's own looks: readable, on paper in light and dark.
_PAGE = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="color-scheme" content="light">'
    "<style>body{{margin:1rem;background:#fff;color:#1a1a1a;font:15px/1.5 system-ui,sans-serif;"
    "overflow-wrap:anywhere}}img{{max-width:100%;height:auto}}table{{max-width:100%}}</style></head>"
    "<body>{}</body></html>"
)


def document(html: str, *, own: Mapping[str, str], from_outside: Mapping[str, str], remark: str = "") -> str:
    """A whole document that shows `html`, below a `remark` of ours. `own` gives the `data:` address of each picture of
    its own by Content-ID, `from_outside` that of others by the address it has in `html`.
    """
    said = f'<p style="color:#5b5348;font-size:13px">{escape(remark)}</p>' if remark else ""
    return _PAGE.format(said + cleaned(html, own=own, from_outside=from_outside))


def cleaned(html: str, *, own: Mapping[str, str], from_outside: Mapping[str, str]) -> str:
    """The part of `html` that only says and shows something."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_source_of(own, from_outside=from_outside),
        filter_style_properties=STYLES,
        url_schemes=SCHEMES,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def policy() -> str:
    """The document's own Content-Security-Policy."""
    return (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )


def as_address(type_: str, content: bytes) -> str:
    """A picture as a `data:` address; "" for what is none of `pictures.TYPES`."""
    if type_.lower() not in pictures.TYPES:
        return ""
    return f"data:{type_.lower()};base64,{base64.b64encode(content).decode()}"


def _source_of(own: Mapping[str, str], *, from_outside: Mapping[str, str]) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            # A style can only load something by url(); without it the policy has nothing to refuse.
            return None if re.search(r"url\s*\(|\\|expression|@import", value, re.IGNORECASE) else value
        if attribute not in ("src", "href", "cite", "background"):
            return value
        scheme = value.strip().lower().partition(":")[0]
        if tag == "img" and scheme == "cid":
            return own.get(value.strip()[4:].strip("<>")) or None
        if tag == "img":
            return from_outside.get(value.strip())
        return value if tag == "a" and scheme in ("http", "https", "mailto", "tel") else None

    return keep
