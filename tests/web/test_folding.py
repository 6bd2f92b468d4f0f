"""Templates say the same whether what is known beforehand was worked out before or while the page is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation
from jinja2 import DictLoader, Environment, FileSystemLoader

from everyhand.web.folding import FoldingEnvironment
from everyhand.web.jinja import Environments, environment

TEMPLATES = Path(__file__).parent.parent.parent / "src/everyhand/web/templates"

PIECES = (
    "{{ _('Waiting for us') }}",
    "{{ _('waiting %(time)s', time=time) }}",
    "{{ _('waiting %(time)s', time=time)|upper }}",
    '<a title="{{ _("Select %(name)s", name=name) }}">{{ name }}</a>',
    "{{ _('%(num)s selected', num=3) }}",
    "{{ ngettext('%(num)d conversation found', '%(num)d conversations found', 2) }}",
    "{{ ['', _('Open')]|join('; ') }}{{ {'open': _('Open')}['open'] }}",
    "{{ _('%(who)s is <b>here</b>', who=name) }}",
    "{{ _('100%% of %(name)s', name=name) }}",
    "{{ _(sentence) }}",
    "{{ url('inbox', view) }} {{ url('inbox', 'mine') }} {{ icon('check') }} {{ icon('send', turn=True) }}",
    "{{ icon('check', label=name) }} {{ icon(picture) }} {{ icon('check', label='<b>') }}",
    "{% macro icon(name) %}<i>{{ name }}</i>{% endmacro %}{{ icon('mine') }}",
    "{% for url in ('a', 'b') %}{{ url }}{% endfor %}",
    "{% set _ = name.upper %}{{ _() }}",
    "{% trans %}Search{% endtrans %}{% trans name=name %}Menu of {{ name }}{% endtrans %}",
)
SAID = {"name": "Ada <Brown> & 5 % more", "time": "12 min", "sentence": "Search", "view": "teams", "picture": "x"}


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("piece", PIECES)
def test_a_template_says_the_same(piece: str, language: str) -> None:
    with translation.override(language):
        folding = environment(autoescape=True)
        plain = environment(autoescape=True)
        plain.__class__ = Unfolded

        assert folding.from_string(piece).render(SAID) == plain.from_string(piece).render(SAID)


class Unfolded(FoldingEnvironment):
    """The same functions and filters, in a template compiled as Jinja does."""

    _generate = Environment._generate


def test_what_is_known_beforehand_is_text_of_the_template() -> None:
    with translation.override("de"):
        known = environment(autoescape=True).compile("<p>{{ _('Search') }} {{ icon('x') }}</p>", raw=True)

    assert "<p>Suche <svg" in known


INCLUDING = {
    "page.html": "{% set said = 'page' %}{% for name in names %}{% include '_part.html' %}{{ said }}{% endfor %}.",
    "_part.html": "{% from '_macros.html' import loud %}{% set said = loud(name) %}<{{ said }}>",
    "known.html": "{% from '_macros.html' import loud %}{% for name in names %}{% include '_part.html' %}{% endfor %}.",
    "other.html": "{% from '_macros.html' import loud %}{% set loud, name = 1, 'a' %}{% include '_part.html' %}",
    "block.html": "{% extends 'parent.html' %}{% from '_macros.html' import loud %}"
    "{% block inner %}{% set name = 'Bo' %}{% include '_part.html' %}{% endblock %}",
    "_macros.html": "{% macro loud(name) %}{{ name|upper }}{% endmacro %}",
    "list.html": "<{% for one in tree %}{{ one.name }}{% set tree = one.tree %}{% include 'list.html' %}{% endfor %}>",
    "parent.html": "[{% block inner %}{% endblock %}]",
    "child.html": "{% extends 'parent.html' %}{% block inner %}{{ name }}{% endblock %}",
    "around.html": "{% set name = 'Ada' %}{% include 'child.html' %}",
}


@pytest.mark.parametrize("page", ["page.html", "list.html", "around.html", "known.html", "other.html", "block.html"])
def test_what_is_included_says_the_same_and_keeps_its_names_to_itself(page: str) -> None:
    known = {"names": ["ada", "<bo>"], "tree": [{"name": "a", "tree": [{"name": "b", "tree": []}]}]}
    folding = environment(autoescape=True, auto_reload=False, loader=DictLoader(INCLUDING))
    plain = Environment(autoescape=True, loader=DictLoader(INCLUDING))

    assert folding.get_template(page).render(known) == plain.get_template(page).render(known)


def test_everybody_reads_their_own_language() -> None:
    environments = Environments(autoescape=True, loader=DictLoader({"page.html": "{{ _('Search') }}"}))
    said = []
    for language in ("de", "en", "de"):
        with translation.override(language):
            said.append(environments.get_template("page.html").render())

    assert said == ["Suche", "Search", "Suche"]


@pytest.mark.parametrize("template", sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")))
def test_every_template_can_be_folded(template: str) -> None:
    source = (TEMPLATES / template).read_text()
    folding = environment(autoescape=True, auto_reload=False, loader=FileSystemLoader(TEMPLATES))

    assert "from jinja2" in folding.compile(source, raw=True)
