"""Every template compiles, imports only what exists, and a partial says what it needs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jinja2
import pytest
from jinja2 import meta, nodes

from portal.templating import environment
from tests.architecture.tree import ROOT

FOLDER = ROOT / "templates"
TEMPLATES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html"))
PARTIALS = [template for template in TEMPLATES if Path(template).name.startswith("_")]


def test_there_are_templates_to_look_at() -> None:
    assert len(TEMPLATES) > 10
    assert PARTIALS


@pytest.mark.parametrize("template", TEMPLATES)
def test_it_compiles_and_everything_it_names_exists(template: str) -> None:
    environment().get_template(template)
    parsed = _parsed(template)
    for node in parsed.find_all((nodes.FromImport, nodes.Include, nodes.Extends, nodes.Import)):
        for target in _constants(node.template):  # type: ignore[attr-defined]  # all four have it
            module = environment().get_template(target)
            if isinstance(node, nodes.FromImport):
                wanted = {entry[0] if isinstance(entry, tuple) else entry for entry in node.names}
                assert wanted <= set(dir(module.module)), f"{target} has no such macro"


@pytest.mark.parametrize("template", PARTIALS)
def test_a_partial_names_in_its_first_comment_what_it_needs(template: str) -> None:
    source = (FOLDER / template).read_text()
    comment = re.match(r"\{#(.*?)#\}", source, re.DOTALL)
    assert comment, "no opening comment"
    named = set(re.findall(r"\w+", comment[1]))
    parsed = _parsed(template)
    # An include reads what was set before it, which Jinja counts as undeclared.
    set_here = {node.name for node in parsed.find_all(nodes.Name) if node.ctx == "store"}
    assert meta.find_undeclared_variables(parsed) - _known_everywhere() - set_here - named == set()


def _parsed(template: str) -> nodes.Template:
    return environment().parse((FOLDER / template).read_text())


def _constants(expression: nodes.Expr) -> list[str]:
    """The names a template is chosen from; one chosen by a variable's value is its page's business."""
    try:
        value = expression.as_const()
    except nodes.Impossible:
        return []
    return [value] if isinstance(value, str) else list(value)


def _known_everywhere() -> set[str]:
    """What portal.templating gives to every template; read from its source, so that no list can go stale."""
    tree = ast.parse((ROOT / "portal/templating.py").read_text())
    shared = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "shared"
    )
    assert isinstance(shared, ast.Dict)
    keys = {str(key.value) for key in shared.keys if isinstance(key, ast.Constant)}
    return keys | set(environment().globals) | {"loop", "caller"}


def test_the_checks_above_would_notice() -> None:
    """A partial with an unknown name is caught, one with a known name is not."""
    unknown = environment().parse("{# uses nothing #}<p>{{ product.title }} {{ _('x') }} {{ csrf_input }}</p>")
    assert meta.find_undeclared_variables(unknown) - _known_everywhere() == {"product"}
    with pytest.raises(jinja2.TemplateNotFound):
        environment().get_template("macros/absent.html")
