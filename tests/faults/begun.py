"""How a forked process of a trial begins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def begin(environment: Mapping[str, str], log: Path) -> None:
    """Nothing but this is in its environment, and what it says goes to the log."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
