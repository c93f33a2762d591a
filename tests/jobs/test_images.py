"""The images lane as the engine works it: bounded, fair to others, and never left without an end."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import select

from connectors.fetching import Fetch, Fetched
from jobs import images
from jobs.images import LOOKS_AT_ONCE, CheckImages
from jobs.registry import HANDLERS
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.images import service
from portal.models.accounts import Merchant
from portal.models.images import ImageCheck, ImageState
from portal.models.tasks import TaskState
from portal.tasks import kinds
from tests.images.shots import Web, address, picture
from tests.stage import Stage


@pytest.fixture
async def shown(stage: Stage, merchant: Merchant) -> list[UUID]:
    """Ten addresses that wait to be looked at."""
    pictures = tuple(NewImage(url=address(f"cup-{number}")) for number in range(10))
    product = NewProduct(handle="cup", title="Cup", variants=(NewVariant(price_minor=1),), images=pictures)
    saved = await stage.add(merchant, product)
    async with stage.sessions.write(merchant.id) as session:
        await service.ask(session, merchant.id, [saved[0].id], stage.now)
    return [saved[0].id]


async def rows(stage: Stage, merchant: Merchant) -> list[ImageCheck]:
    async with stage.sessions.read(merchant.id) as session:
        found = await session.scalars(select(ImageCheck))
        return list(found)


def opening(stage: Stage, fetch: Fetch) -> None:
    """The worker opens addresses in this way."""
    object.__setattr__(stage.process.runtime, "fetch", fetch)


@pytest.mark.usefixtures("shown")
async def test_no_more_looks_run_at_once_than_there_is_memory_for(stage: Stage, merchant: Merchant) -> None:
    web, under_way, most = Web(), 0, 0

    async def slow(url: str) -> Fetched:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        web.at[url] = picture()
        return await web.fetch(url)

    opening(stage, slow)
    await stage.work()
    assert most == LOOKS_AT_ONCE
    assert {row.state for row in await rows(stage, merchant)} == {ImageState.OK}
    assert {task.state for task in await stage.tasks(kind=kinds.IMAGE_CHECK.name)} == {TaskState.DONE}


@pytest.mark.usefixtures("shown")
async def test_looks_that_get_no_place_give_way_and_come_again(
    stage: Stage, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "PATIENCE_SECONDS", 0)
    web, busy = Web(), CheckImages()
    opening(stage, web.fetch)
    for _ in range(LOOKS_AT_ONCE):
        await busy._places.acquire()
    await stage.work(handlers={**HANDLERS, kinds.IMAGE_CHECK.name: busy})
    assert web.asked == []
    assert {row.state for row in await rows(stage, merchant)} == {ImageState.UNCHECKED}
    assert {task.state for task in await stage.tasks(kind=kinds.IMAGE_CHECK.name)} == {TaskState.WAITING}


@pytest.mark.usefixtures("shown")
async def test_what_our_own_code_stumbles_over_ends_and_says_so(
    stage: Stage, merchant: Merchant, clock: Any, caplog: Any
) -> None:
    async def stumbling(_url: str) -> Fetched:
        raise ZeroDivisionError

    opening(stage, stumbling)
    for _ in range(4):
        await stage.work()
        clock.advance(3600)
    assert {(row.state, row.code) for row in await rows(stage, merchant)} == {
        (ImageState.UNREADABLE, "ZeroDivisionError")
    }
    assert {task.state for task in await stage.tasks(kind=kinds.IMAGE_CHECK.name)} == {TaskState.FAILED}


def test_pillow_does_not_judge_sizes_before_we_do() -> None:
    assert Image.MAX_IMAGE_PIXELS is None
