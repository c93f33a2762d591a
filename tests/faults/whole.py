"""The one process as a trial runs it, forked from one that has read the code already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jobs import standalone
from tests.faults.begun import begin


def run(environment: Mapping[str, str], log: Path) -> None:
    """Answers and works until it is killed, with nothing in its environment but this."""
    begin(environment, log)
    raise SystemExit(standalone.main())
