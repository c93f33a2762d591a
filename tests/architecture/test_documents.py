"""The documents say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from portal.config import Settings
from tests.architecture.tree import ROOT, name, tracked

DECISIONS = ROOT / "docs/decisions"
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")


def test_the_operators_table_lists_every_setting_and_no_other() -> None:
    table = re.findall(r"^\| `([A-Z_]+)` \|", (ROOT / "docs/operators.md").read_text(), re.MULTILINE)
    assert sorted(table) == sorted(field.upper() for field in Settings.model_fields)


def test_the_index_of_decisions_is_complete() -> None:
    pages = {path.name for path in DECISIONS.glob("0*.md")}
    assert pages
    assert set(re.findall(r"\((0\d{3}-[\w-]+\.md)\)", (DECISIONS / "README.md").read_text())) == pages


def test_every_make_command_in_the_documents_exists() -> None:
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    said = {(name(path), word) for path in _pages() for word in re.findall(r"`make ([a-z-]+)", path.read_text())}
    assert said
    assert [(page, word) for page, word in said if word not in there] == []


def test_every_link_in_the_documents_leads_somewhere() -> None:
    dead = [
        (name(page), target)
        for page in _pages()
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_module_the_documents_run_exists() -> None:
    said = {
        (name(page), module)
        for page in _pages()
        for module in re.findall(r"(?:python -m|arq) ((?:portal|jobs|connectors)\.[a-z_.]+[a-z_])", page.read_text())
    }
    assert said
    assert [(page, module) for page, module in said if not _exists(module)] == []


def _exists(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def _pages() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".md" and "tests" not in path.parts]
