"""The one process as a trial runs it, forked from one that has read the code already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from jobs import standalone


def run(environment: Mapping[str, str], log: Path) -> None:
    """Answers and works until it is killed, with nothing in its environment but this."""
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    raise SystemExit(standalone.main())
