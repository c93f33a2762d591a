"""Committing a file in the background: once, in pieces, resumed where it stopped, the same file again in place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

import pytest
from sqlalchemy import select

from jobs import importing
from portal.config import Settings
from portal.imports import service as imports
from portal.imports.products import read_products
from portal.models.accounts import Merchant
from portal.models.catalog import Variant
from portal.models.imports import Import, ImportState
from portal.models.stock import Movement
from portal.models.tasks import Task, TaskState
from portal.stock import service as stock
from portal.stock.service import Move
from portal.tasks import kinds
from tests.imports.desk import HEADER, TABLE, Desk, many_products, tiles
from tests.listings.site import a_site
from tests.settable_clock import SettableClock


@pytest.fixture
async def desk(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Desk]:
    async with a_site(settings, clock) as site:
        browser = await site.sign_in(merchant, "alice")
        async with browser.http:
            yield Desk(site, browser, merchant)


async def save_pieces(desk: Desk, path: str, sizes: list[int]) -> None:
    """What a worker had done when it was killed: these many outcomes, a transaction each, and no more."""
    record = await desk.record(path)
    file = imports.folder(desk.site.process.runtime.settings.data_dir) / record.stored_as
    table, mapping = imports.reopen(file, record)
    outcomes = read_products(file, table, mapping, desk.merchant.currency)
    for size in sizes:
        piece = list(islice(outcomes, size))
        async with desk.site.sessions.write(desk.merchant.id) as session:
            await imports.save_piece(session, record.id, piece, mapping, made_by="test", now=desk.site.now)


async def test_pressed_twice_it_is_imported_once(desk: Desk) -> None:
    path = await desk.bring(TABLE)

    answers = await asyncio.gather(*(desk.commit(path) for _ in range(3)))
    await desk.work()
    await desk.commit(path)
    await desk.work()

    assert {answer.status_code for answer in answers} == {303}
    assert len(await desk.site.rows(desk.merchant, Task, kind=kinds.IMPORT.name)) == 1
    assert await desk.catalog() == [("lid", "Lid", 1), ("mug", "Mug", 2)]
    assert await desk.stock() == {"MUG-B": 5, "MUG-S": 3, "LID": 7}


@pytest.mark.parametrize("pieces", [[1], [3, 4], [9, 1, 1]])
async def test_a_killed_import_goes_on_behind_its_last_piece(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, pieces: list[int]
) -> None:
    monkeypatch.setattr(importing, "ROWS_A_PIECE", 4)
    path = await desk.bring(many_products(30))
    dry = tiles(await desk.browser.get(path))
    await desk.commit(path)
    await save_pieces(desk, path, pieces)
    halfway = await desk.record(path)
    assert 0 < halfway.counted["products"] == sum(pieces) < 30

    await desk.work()

    record = await desk.record(path)
    assert record.state is ImportState.DONE
    assert record.counted == record.expected
    assert tiles(await desk.browser.get(path)) == dry
    assert len(await desk.catalog()) == 30
    assert sum((await desk.stock()).values()) == int(dry["quantity"])
    moved = await desk.site.rows(desk.merchant, Movement)
    assert len(moved) == 30, "a movement was made twice"


async def test_a_kill_in_the_middle_of_problems_doubles_none(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "ROWS_A_PIECE", 1)
    rows = "".join(f"bad-{n},Bad {n},B-{n},oops,1,,,\ngood-{n},Good {n},G-{n},1,1,,,\n" for n in range(5))
    path = await desk.bring(f"{HEADER}\n{rows}")
    dry = await desk.report(path)
    assert len(dry) == 5
    await desk.commit(path)
    await save_pieces(desk, path, [1, 1, 1, 1, 1])

    await desk.work()

    assert await desk.report(path) == dry
    assert (await desk.record(path)).counted == (await desk.record(path)).expected
    assert len(await desk.catalog()) == 5


async def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    await desk.import_whole(TABLE)
    before = (await desk.catalog(), await desk.stock(), len(await desk.site.rows(desk.merchant, Movement)))

    await desk.import_whole(TABLE)

    assert (await desk.catalog(), await desk.stock(), len(await desk.site.rows(desk.merchant, Movement))) == before


async def test_a_newer_file_updates_in_place_and_moves_stock_by_the_difference(desk: Desk) -> None:
    await desk.import_whole(TABLE)
    ids = {row.sku: row.id for row in await desk.site.rows(desk.merchant, Variant)}

    newer = TABLE.replace("mug,Mug,MUG-B,24.00,5", "mug,Big mug,MUG-B,26.00,9").replace("9.50,7", "9.50,2")
    path = await desk.import_whole(newer)

    assert ("mug", "Big mug", 2) in await desk.catalog()
    assert await desk.stock() == {"MUG-B": 9, "MUG-S": 3, "LID": 2}
    after = {row.sku: row for row in await desk.site.rows(desk.merchant, Variant)}
    assert {sku: row.id for sku, row in after.items()} == ids
    assert after["MUG-B"].price_minor == 2600
    record = await desk.record(path)
    async with desk.site.sessions.read(desk.merchant.id) as session:
        moved = select(Movement.quantity).where(Movement.cause_id.like(f"{record.id}:%")).order_by(Movement.quantity)
        assert list(await session.scalars(moved)) == [-5, 4]


async def test_what_was_sold_in_between_is_part_of_the_difference(desk: Desk) -> None:
    await desk.import_whole(TABLE)
    [lid] = [row for row in await desk.site.rows(desk.merchant, Variant) if row.sku == "LID"]
    async with desk.site.sessions.write(desk.merchant.id) as session:
        moves = [Move(variant_id=lid.id, quantity=-3, cause="sale", cause_id="order-1")]
        await stock.move(session, merchant_id=desk.merchant.id, moves=moves, made_by="test", now=desk.site.now)

    await desk.import_whole(TABLE)

    assert (await desk.stock())["LID"] == 7


@pytest.mark.parametrize("brought", [1, 2])
async def test_a_variant_that_a_file_names_twice_has_the_number_that_stands_last(desk: Desk, brought: int) -> None:
    rows = "mug,Mug,MUG,24.00,5,Colour,Blue,\nlid,Lid,LID,9.50,7,,,\nmug,,MUG,24.00,6,,Navy,\n"

    for _time in range(brought):
        await desk.import_whole(f"{HEADER}\n{rows}")

    assert await desk.stock() == {"MUG": 6, "LID": 7}


async def test_a_file_that_is_gone_stops_the_import_and_it_can_be_continued(desk: Desk) -> None:
    path = await desk.bring(TABLE)
    record = await desk.record(path)
    file = imports.folder(desk.site.process.runtime.settings.data_dir) / record.stored_as
    content = file.read_bytes()
    await desk.commit(path)
    file.unlink()

    await desk.work()

    assert (await desk.record(path)).state is ImportState.FAILED
    page = await desk.browser.get(path)
    assert "Stopped at row 0" in page.get_text(" ")
    assert "This file is no longer here" in page.get_text(" ")
    assert await desk.catalog() == []
    file.write_bytes(content)
    await desk.browser.press(page, f'form[action="{path}/commit"]')
    await desk.work()
    assert (await desk.record(path)).state is ImportState.DONE
    assert await desk.stock() == {"MUG-B": 5, "MUG-S": 3, "LID": 7}


async def test_pages_of_an_import_whose_file_is_gone_say_so(desk: Desk) -> None:
    waiting, done = await desk.bring(TABLE), await desk.import_whole(TABLE)
    folder = imports.folder(desk.site.process.runtime.settings.data_dir)
    for path in (waiting, done):
        (folder / (await desk.record(path)).stored_as).unlink()

    await desk.browser.get(done)
    for place in (waiting, f"{done}/refused.csv"):
        answer = await desk.browser.http.get(place)
        assert answer.status_code == 410, place
        assert "file is no longer here" in answer.text


async def test_two_files_at_once_are_imported_one_after_the_other(desk: Desk) -> None:
    first, second = await desk.bring(TABLE), await desk.bring(TABLE.replace(",5,Colour", ",50,Colour"))
    for path in (first, second):
        await desk.commit(path)

    await desk.work()

    states = {row.state for row in await desk.site.rows(desk.merchant, Import)}
    tasks = await desk.site.rows(desk.merchant, Task, kind=kinds.IMPORT.name)
    assert states == {ImportState.DONE}
    assert {task.state for task in tasks} == {TaskState.DONE}
    assert (await desk.stock())["MUG-B"] == 50


async def test_progress_is_a_fragment_of_its_merchant_only(desk: Desk, other_merchant: Merchant) -> None:
    path = await desk.import_whole(TABLE)
    element = f"import-progress-{(await desk.record(path)).id}"
    charlie = await desk.site.sign_in(other_merchant, "charlie")

    async with charlie.http:
        mine = await desk.browser.http.get(f"/live/fragments?id={element}")
        theirs = await charlie.http.get(f"/live/fragments?id={element}")

    assert f'id="{element}"' in mine.text
    assert theirs.text == ""
