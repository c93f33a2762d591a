"""Every word of the product can be said in every language of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from portal.i18n import FOLDER, LANGUAGES
from tests.architecture.tree import ROOT

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
TRANSLATED = [language for language in LANGUAGES if language != "en"]


@cache
def words(*keywords: str) -> Catalog:
    """What `pybabel extract` finds; a template it cannot read fails here instead of losing its words."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "words.pot"
        named = [part for keyword in keywords for part in ("-k", keyword)]
        command = [sys.executable, "-m", "babel.messages.frontend", "extract", "-F", "pyproject.toml", *named]
        command += ["--no-default-keywords", "-o", str(target), "."]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        with target.open("rb") as file:
            return read_po(file)


def everything() -> dict[tuple[str, str], tuple[str, ...]]:
    """Each message's text in English with its plural, if it has one, by its context and itself."""
    found = words("_", "N_", "gettext", "pgettext:1c,2", "ngettext:1,2")
    return {_key(message): _forms(message.id) for message in found if message.id}


def translations(language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    with (FOLDER / language / "messages.po").open("rb") as file:
        catalog = read_po(file, locale=language.replace("-", "_"))
    assert not list(catalog.obsolete)
    assert not [message.id for message in catalog if message.id and message.fuzzy]
    return {_key(message): _forms(message.string) for message in catalog if message.id}


def _key(message: Message) -> tuple[str, str]:
    return message.context or "", _forms(message.id)[0]


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_word_is_found_in_code_and_templates() -> None:
    places = {place.split("/")[0] for message in words("_") for place, _ in message.locations}
    assert places == {"portal", "templates"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_word_has_its_translation_and_no_translation_is_left_over(language: str) -> None:
    """`make words` brings both lists up to date."""
    said = {word: texts for word, texts in translations(language).items() if all(texts)}
    assert sorted(said) == sorted(everything())


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_what_the_english_fills_in(language: str) -> None:
    said, english = translations(language), everything()
    differing = {
        word: texts
        for word, texts in said.items()
        if set(PLACEHOLDER.findall(texts[-1])) != set(PLACEHOLDER.findall(english[word][-1]))
        or ("%%" in texts[-1]) != ("%%" in word[1])
    }
    assert differing == {}


def test_no_word_is_also_the_singular_of_another() -> None:
    """A language without plurals keeps one text for both, and the word alone would show the other's placeholder."""
    alone = {message.id for message in words("_", "N_", "gettext") if isinstance(message.id, str)}
    counted = {message.id[0] for message in words("ngettext:1,2") if isinstance(message.id, tuple | list)}
    assert alone & counted == set()
