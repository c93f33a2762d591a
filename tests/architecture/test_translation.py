"""The words of the product can be collected for translation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

from tests.architecture.tree import ROOT


def test_every_word_is_found_in_code_and_templates(tmp_path: Path) -> None:
    """`pybabel extract` reads the whole product; a template it cannot read fails here instead of losing its words."""
    target = tmp_path / "words.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "extract",
        "-F",
        "pyproject.toml",
        "-k",
        "_",
        "-o",
        str(target),
    ]
    run = subprocess.run([*command, "."], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    with target.open("rb") as file:
        places = {place.split("/")[0] for message in read_po(file) for place, _ in message.locations}
    assert places == {"portal", "templates"}
