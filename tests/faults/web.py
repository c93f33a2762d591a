"""The web as a trial runs it: the product's own, in a process forked from one that has read the code already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jobs import web
from tests.faults.begun import begin


def run(environment: Mapping[str, str], log: Path) -> None:
    """Answers until it is killed, with nothing in its environment but this."""
    begin(environment, log)
    web.main()
