"""What is the same on every page is worked out when a template is compiled, not each time a page is made.

A page asks some three hundred times for a translation, an icon or an address, nearly always for one that its template
names outright. In an environment of one language all of those are known beforehand: they become part of the text around
them. What a template includes becomes part of it, too. What it says is what it said before; only when it is worked out
differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, cast

from django.utils.translation import gettext
from jinja2 import BaseLoader, Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.environment import TemplateModule
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined] # what `escape` itself calls

TRANSLATING: Final = ("_", "gettext")
_GATHERED: Final = "_gathered"
_PLACE: Final = re.compile(r"%\((\w+)\)s")


class _Template(Template):
    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:  # noqa: ARG002 (as Jinja calls it)
        # Jinja looks whether the page has globals of its own, which none has, each time that it imports a macro.
        return super()._get_default_module(None)


class _Generator(CodeGenerator):
    """Writes `written` where Jinja's own writes `escape`."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 (as it is called)
        self.writeline(f"from {__name__} import written")
        super().visit_Template(node, frame)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("written(")


def written(value: Any) -> str:
    """The HTML of a value, as `escape` has it, but as a plain string: of the thousand that a page puts together none is
    asked again whether it is safe, and to say so of each takes ten times as long as to escape it.
    """
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    return cast("str", value) if kind is Markup else escape(value)


class FoldingEnvironment(Environment):
    """For one language: that of the thread in which its templates are compiled.

    `pure` are functions by the names templates call them: those that always give the same for the same arguments.
    """

    pure: Mapping[str, Callable[..., str]] = {}
    template_class = _Template
    code_generator_class = _Generator

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        if not self.auto_reload:  # whoever changes an included template while it runs wants to see that
            source = _Include(self.parsed, known=_imported(source)).visit(source)
        source = _Fold(self.pure, own=set(_named(source))).visit(source)
        return super()._generate(_Gather().visit(source), *args, **kwargs)

    def parsed(self, name: str) -> nodes.Template:
        """What stands in this template. Raises TemplateNotFound."""
        source, filename, _up_to_date = cast("BaseLoader", self.loader).get_source(self, name)
        return self._parse(source, name, filename)


class _Include(NodeTransformer):
    """A template that is included stands where it is included: to look it up and to hand it everything that is known
    there takes as long as many of them take to be written, and a page includes a hundred. What it imports that is
    `known` where it stands need not be imported for each of twenty messages.
    """

    def __init__(
        self, parsed: Callable[[str], nodes.Template], *, known: Collection[_Imported], within: Sequence[str] = ()
    ) -> None:
        self._parsed = parsed
        self._known = known
        self._within = within

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802 (the visitor's name)
        named = node.template
        if not isinstance(named, nodes.Const) or named.value in self._within or node.ignore_missing:
            return node
        included = self._parsed(named.value)
        if not node.with_context or any(included.find_all((nodes.Extends, nodes.Block))):
            return node
        _Include(self._parsed, known=self._known, within=[*self._within, named.value]).visit(included)
        body = [one for one in included.body if not self._knows(one)]
        return nodes.Scope(body, lineno=node.lineno)

    def _knows(self, node: nodes.Node) -> bool:
        return isinstance(node, nodes.FromImport) and all(one in self._known for one in _names_of(node))


_Imported = tuple[str, str, str]  # template, name there, name here


def _imported(template: nodes.Template) -> set[_Imported]:
    """What a template imports before anything else, unless one of its names means something else somewhere in it."""
    imports = [one for one in template.body if isinstance(one, nodes.FromImport)]
    others = set(_named(nodes.Template([one for one in template.body if one not in imports])))
    return {one for node in imports for one in _names_of(node) if one[2] not in others}


def _names_of(node: nodes.FromImport) -> Iterable[_Imported]:
    template = node.template.value if isinstance(node.template, nodes.Const) else ""
    return [(template, one, one) if isinstance(one, str) else (template, *one) for one in node.names]


class _Gather(NodeTransformer):
    """A block gathers its pieces and hands them on as one: each of two thousand would pass through every template that
    this one extends.
    """

    def visit_Block(self, node: nodes.Block) -> nodes.Block:  # noqa: N802 (the visitor's name)
        self.generic_visit(node)
        gathered = nodes.AssignBlock(nodes.Name(_GATHERED, "store"), None, node.body, lineno=node.lineno)
        node.body = [gathered, nodes.Output([nodes.Name(_GATHERED, "load")], lineno=node.lineno)]
        return node


class _Fold(NodeTransformer):
    """`own` are names that mean something of the template's own, so that a call of them is not what it seems."""

    def __init__(self, pure: Mapping[str, Callable[..., str]], *, own: set[str]) -> None:
        self._pure = pure
        self._own = own

    def visit_Output(self, node: nodes.Output) -> nodes.Output:  # noqa: N802 (the visitor's name)
        """Words around values become text around values."""
        pieces: list[nodes.Expr] = []
        for one in node.nodes:
            sentence = self._sentence(one)
            pieces += self._around(sentence, one) if sentence is not None and isinstance(one, nodes.Call) else [one]
        node.nodes = pieces
        self.generic_visit(node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Expr:  # noqa: N802
        self.generic_visit(node)
        sentence = self._sentence(node)
        if sentence is not None:
            words = nodes.Const(Markup(sentence), lineno=node.lineno)  # noqa: S704 (a template's or a translator's)
            if not node.kwargs:
                return nodes.Const(words.value % {}, lineno=node.lineno)
            named = [nodes.Pair(nodes.Const(one.key), one.value) for one in node.kwargs]
            return nodes.Mod(words, nodes.Dict(named), lineno=node.lineno)
        return self._known(node) or node

    def _sentence(self, node: nodes.Node) -> str | None:
        """The translation, when this asks for that of a sentence that stands there."""
        if self._called(node) not in TRANSLATING or not isinstance(node, nodes.Call):
            return None
        match node.args:
            case [nodes.Const() as words]:
                return gettext(words.value)
        return None

    def _around(self, sentence: str, call: nodes.Call) -> list[nodes.Expr]:
        values = {one.key: one.value for one in call.kwargs}
        pieces = _PLACE.split(sentence)
        if "%" in "".join(pieces[::2]) or not values.keys() >= set(pieces[1::2]):  # numbers, per cent: left to `%`
            return [call]
        return [
            values[piece] if place % 2 else nodes.TemplateData(piece, lineno=call.lineno)
            for place, piece in enumerate(pieces)
        ]

    def _known(self, node: nodes.Call) -> nodes.Expr | None:
        function = self._pure.get(self._called(node))
        if function is None:
            return None
        args = [one.value for one in node.args if isinstance(one, nodes.Const)]
        kwargs = {one.key: one.value.value for one in node.kwargs if isinstance(one.value, nodes.Const)}
        if len(args) != len(node.args) or len(kwargs) != len(node.kwargs):
            return None
        return nodes.Const(function(*args, **kwargs), lineno=node.lineno)

    def _called(self, node: nodes.Node) -> str:
        """The name of the function that is called, if it is one that every template knows; else ""."""
        if not isinstance(node, nodes.Call) or node.dyn_args is not None or node.dyn_kwargs is not None:
            return ""
        return node.node.name if isinstance(node.node, nodes.Name) and node.node.name not in self._own else ""


def _named(template: nodes.Template) -> Iterable[str]:
    for name in template.find_all(nodes.Name):
        if name.ctx != "load":
            yield name.name
    for macro in template.find_all(nodes.Macro):
        yield macro.name
    for module in template.find_all(nodes.Import):
        yield module.target
    for names in template.find_all(nodes.FromImport):
        yield from (one if isinstance(one, str) else one[1] for one in names.names)
