"""How many cases are tried where there is no end of them: some in `make test`, many in `make thorough`."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("CROSSDOCK_TESTS") == "thorough"
Case = TypeVar("Case")


def some(cases: Sequence[Case], few: int) -> Sequence[Case]:
    """So few of them, by chance; all of them when thorough. For inside a test only: what is collected never differs."""
    return cases if THOROUGH or few >= len(cases) else random.sample(cases, few)


def histories(few: int) -> settings:
    """So few histories are made up, each on top of what the ones before have left; ten times as many when thorough."""
    return settings(
        max_examples=few * 10 if THOROUGH else few,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
