"""House rules a linter has no word for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import name, product_modules

LONGEST_FUNCTION_LINES = 40
# Where a transaction ends, and where the time comes from.
COMMITS = {"portal/db.py"}
TELLS_THE_TIME = {"portal/clock.py"}


def test_every_module_opens_with_a_sentence() -> None:
    silent = [
        name(path) for path in product_modules() if path.read_text().strip() and not ast.get_docstring(_tree(path))
    ]
    assert silent == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{name(path)}:{function.lineno} {function.name} ({lines} lines)"
        for path in product_modules()
        for function in _functions(_tree(path))
        if (lines := _lines(function)) > LONGEST_FUNCTION_LINES
    ]
    assert long == []


def test_nothing_commits_but_the_unit_of_work() -> None:
    assert (_calls_of("commit", of="session") | _calls_of("commit", of="connection")) - COMMITS == set()


def test_the_time_comes_from_the_clock() -> None:
    """What asks the machine for the time cannot be tested by moving a clock. Connectors know no portal: they may."""
    asking = {path for path in _calls_of("now", of="datetime") if not path.startswith("connectors/")}
    assert asking == TELLS_THE_TIME


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of code, the signature with them; a docstring may take the room it needs."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    words = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - words


def _calls_of(method: str, *, of: str) -> set[str]:
    found = set()
    for path in product_modules():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == of:
                    found.add(name(path))
    return found
