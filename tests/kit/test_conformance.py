"""Every channel of ours does alike what callers rely on: the suite a third party's channel is held to as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.kit.bench import OrderBench
from connectors.kit.order_suite import *  # noqa: F403 - the tests themselves
from connectors.kit.suite import *  # noqa: F403 - the tests themselves
from connectors.registry import CHANNELS
from tests.kit.benches import BENCHES


@pytest.fixture(params=sorted(BENCHES))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[OrderBench]:
    async with BENCHES[request.param](tmp_path) as made:
        yield made


def test_every_channel_is_held_to_the_suite() -> None:
    assert set(BENCHES) == set(CHANNELS)
