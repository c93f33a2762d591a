"""The import pages: upload, review, another reading, the report, and what cannot be done there."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from portal.config import Settings
from portal.imports import storing
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Variant
from portal.models.imports import Import, ImportState
from tests.imports.desk import HEADER, TABLE, Desk, tiles
from tests.listings.site import a_site
from tests.settable_clock import SettableClock


@pytest.fixture
async def desk(settings: Settings, clock: SettableClock, merchant: Merchant) -> AsyncIterator[Desk]:
    async with a_site(settings, clock) as site:
        browser = await site.sign_in(merchant, "alice")
        async with browser.http:
            yield Desk(site, browser, merchant)


AWKWARD = ["shopify-bad-cells.csv", "shopify-handle-returns.csv", "shopify-images-around.csv", "tabs.txt"]


def words(text: str) -> str:
    return " ".join(BeautifulSoup(text, "html.parser").get_text(" ").split())


def kept_files(desk: Desk) -> list[str]:
    folder = desk.site.process.runtime.settings.data_dir / "uploads"
    return [path.name for path in folder.iterdir()] if folder.exists() else []


async def test_before_the_first_file_the_page_says_what_to_bring(desk: Desk) -> None:
    page = await desk.browser.get("/imports")

    assert "No files yet" in words(str(page))
    form = page.select_one('form[action="/imports"]')
    assert form is not None
    assert form["enctype"] == "multipart/form-data"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "This file is empty"),
        (b"PK\x03\x04 a spreadsheet", ""),
        (b"\x89PNG\r\n\x1a\n....", ""),
        (b"<!doctype html><html><body>no</body></html>", ""),
        (b"Title,Price\n\0,1\n", ""),
        (b'Title,Price\n"never closed,1\n', ""),
        (b"\n\n\n", ""),
    ],
    ids=["empty", "spreadsheet", "picture", "page", "nul", "open quote", "blank"],
)
async def test_what_is_no_table_is_refused_in_words_and_not_kept(desk: Desk, content: bytes, said: str) -> None:
    answer = await desk.send(content)

    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert page.title is not None
    assert page.title.text.startswith("Error: ")
    [summary] = page.select(".error-summary a")
    assert summary["href"] == "#field-file"
    assert said in summary.text
    assert len(summary.text) > 20
    assert kept_files(desk) == []
    assert await desk.site.rows(desk.merchant, Import) == []


async def test_no_file_is_said(desk: Desk) -> None:
    await desk.browser.get("/imports")

    answer = await desk.browser.post("/imports")

    assert answer.status_code == 422
    assert "Choose a file first." in answer.text


async def test_a_file_above_the_limit_is_refused_and_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "LARGEST_BYTES", len(TABLE) - 1)
    answer = await desk.send(TABLE)

    assert answer.status_code == 422
    assert "larger than 64 MB" in answer.text
    assert kept_files(desk) == []


async def test_the_review_shows_what_would_arrive_before_anything_does(desk: Desk) -> None:
    path = await desk.bring(TABLE)

    page = await desk.browser.get(path)

    expected = (await desk.record(path)).expected
    assert tiles(page) == {"products": "2", "variants": "3", "images": "0", "quantity": "15", "refused": "1"}
    assert (expected["products"], expected["variants"], expected["quantity"]) == (2, 3, 15)
    assert "Import 2 products" in words(str(page))
    assert "Won't arrive" in words(str(page))
    assert await desk.catalog() == []


async def test_a_file_name_is_a_name_and_no_place(desk: Desk) -> None:
    path = await desk.bring(TABLE, "../../etc/<b>passwd.csv")

    record = await desk.record(path)
    assert record.filename == "<b>passwd.csv"
    assert kept_files(desk) == [str(record.id)]
    assert "<b>passwd" not in str(await desk.browser.get(path))


async def test_another_use_of_a_column_is_tried_at_once(desk: Desk) -> None:
    path = await desk.bring("name,part no,retail,qty,maker\nCap,C-1,15,4,Acme\n")
    page = await desk.browser.get(path)
    form = page.select_one('form[action$="/mapping"]')
    assert form is not None
    headers = [str(field["value"]) for field in form.select('input[name="header"]')]
    uses = dict(zip(headers, (_chosen(select) for select in form.select('select[name="use"]')), strict=True))
    assert uses["qty"] == "quantity"

    answer = await _remap(desk, path, uses | {"qty": "ignore"})

    assert answer.status_code == 303
    assert tiles(await desk.browser.get(path))["quantity"] == "0"
    assert (await desk.record(path)).mapping["qty"] == "ignore"
    await desk.commit(path)
    await desk.work()
    assert await desk.stock() == {"C-1": 0}


async def test_a_file_whose_headings_tell_nothing_asks_which_column_is_the_title(desk: Desk) -> None:
    path = await desk.bring("alpha,beta\nCup,15\nBowl,20\n")
    page = await desk.browser.get(path)
    assert "Which column holds the title?" in words(str(page))
    assert "2 rows" in words(str(page))
    assert not page.select('form[action$="/commit"]')

    assert (await _remap(desk, path, {"alpha": "keep", "beta": "price"})).status_code == 422
    assert (await _remap(desk, path, {"alpha": "title", "beta": "price"})).status_code == 303

    assert "Import 2 products" in words(str(await desk.browser.get(path)))


async def test_a_file_of_headings_only_says_so(desk: Desk) -> None:
    page = await desk.browser.get(await desk.bring(f"{HEADER}\n"))

    assert "No rows under the headings" in words(str(page))
    assert not page.select('form[action$="/commit"]')


async def test_the_reasons_come_with_the_end_of_the_import_to_whoever_watches(desk: Desk) -> None:
    path = await desk.bring(TABLE)
    await desk.commit(path)
    page = await desk.browser.get(path)
    parts = [str(part["id"]) for part in page.select(f'[data-live="import:{path.rsplit("/", 1)[-1]}"]')]
    await desk.work()

    answer = await desk.browser.http.get("/live/fragments", params={"id": parts})

    assert "1 row did not arrive" in words(answer.text)
    assert "about 40" in words(answer.text)
    assert f"{path}/refused.csv" in answer.text


async def test_what_many_rows_share_is_said_once_with_their_numbers(desk: Desk) -> None:
    rows = "".join(f"cup-{number},Cup {number},C-{number},cheap,1,,,\n" for number in range(8))
    page = await desk.browser.get(await desk.bring(f"{HEADER}\n{rows}"))

    problems = page.select_one("#problems li")
    assert problems is not None
    assert words(str(problems)).startswith("8 rows: Row 2, Variant Price")
    assert "The same in row 3, 4, 5, 6 …" in words(str(problems))


async def test_two_columns_for_one_field_are_refused_and_the_choice_is_kept_on_the_page(desk: Desk) -> None:
    path = await desk.bring("name,retail,other\nCap,15,16\n")
    before = (await desk.record(path)).mapping

    answer = await _remap(desk, path, {"name": "title", "retail": "price", "other": "price"})

    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.select(".error-summary a")
    assert [_chosen(select) for select in page.select('select[name="use"]')] == ["title", "price", "price"]
    assert (await desk.record(path)).mapping == before


async def test_another_encoding_is_tried_at_once(desk: Desk, fixtures: Path) -> None:
    path = await desk.bring((fixtures / "japanese-cp932.csv").read_bytes())
    assert (await desk.record(path)).encoding == "cp932"
    right = tiles(await desk.browser.get(path))

    wrong = await desk.browser.post(f"{path}/mapping", {"encoding": "utf-8"})
    assert wrong.status_code == 422
    assert (await desk.record(path)).encoding == "cp932"
    assert (await desk.browser.post(f"{path}/mapping", {"encoding": "cp1252"})).status_code in {303, 422}
    assert (await desk.browser.post(f"{path}/mapping", {"encoding": "cp932"})).status_code == 303

    assert tiles(await desk.browser.get(path)) == right
    assert (await desk.browser.post(f"{path}/mapping", {"encoding": "rot13"})).status_code == 422


async def test_a_started_import_is_read_as_it_was_when_it_started(desk: Desk) -> None:
    path = await desk.import_whole(TABLE)
    before = (await desk.record(path)).mapping

    assert (await _remap(desk, path, {"Title": "ignore"})).status_code == 303

    assert (await desk.record(path)).mapping == before
    assert (await desk.browser.get(path)).select('form[action$="/mapping"]') == []


async def test_a_file_without_products_cannot_be_imported(desk: Desk) -> None:
    path = await desk.bring(f"{HEADER}\npan,Pan,PAN,about 40,2,,,\n")
    page = await desk.browser.get(path)

    assert page.select('form[action$="/commit"]') == []
    assert (await desk.commit(path)).status_code == 409
    assert (await desk.record(path)).state is ImportState.UPLOADED


async def test_the_report_equals_the_dry_run(desk: Desk) -> None:
    path = await desk.bring(TABLE)
    page = await desk.browser.get(path)
    dry = (tiles(page), await desk.report(path))

    await desk.commit(path)
    await desk.work()

    page, record = await desk.browser.get(path), await desk.record(path)
    assert record.state is ImportState.DONE
    assert record.counted == record.expected
    assert (tiles(page), await desk.report(path)) == dry
    assert "1 row did not arrive" in words(str(page))
    assert page.select_one('a[href="/inbox"]') is not None


@pytest.mark.parametrize("name", AWKWARD)
async def test_the_report_equals_the_dry_run_on_every_awkward_file(desk: Desk, fixtures: Path, name: str) -> None:
    path = await desk.bring((fixtures / name).read_bytes())
    dry = (tiles(await desk.browser.get(path)), await desk.report(path))

    await desk.commit(path)
    await desk.work()

    assert (tiles(await desk.browser.get(path)), await desk.report(path)) == dry
    assert sum(number for _handle, _title, number in await desk.catalog()) == int(dry[0]["variants"])
    await desk.stock()
    assert sum(row.on_hand for row in await desk.site.rows(desk.merchant, Variant)) == int(dry[0]["quantity"])


async def test_refused_rows_come_back_with_their_reason_and_arrive_when_mended(desk: Desk) -> None:
    path = await desk.import_whole(TABLE)

    answer = await desk.browser.http.get(f"{path}/refused.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    header, row = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert header == [*HEADER.split(","), "Crossdock: why"]
    assert row[:4] == ["pan", "Pan", "PAN", "about 40"]
    assert "about 40" in row[-1]
    mended = answer.content.decode("utf-8-sig").replace("about 40,", "40,", 1).encode("utf-8-sig")
    await desk.import_whole(mended)
    assert [handle for handle, _title, _number in await desk.catalog()] == ["lid", "mug", "pan"]
    assert (await desk.stock())["PAN"] == 2


async def test_a_mended_row_of_a_known_product_joins_it(desk: Desk) -> None:
    broken = TABLE.replace("25.00", "what?").replace("about 40", "40")
    path = await desk.import_whole(broken)
    assert ("mug", "Mug", 1) in await desk.catalog()

    refused = (await desk.browser.http.get(f"{path}/refused.csv")).content.decode("utf-8-sig")
    await desk.import_whole(refused.replace("what?", "25.00", 1))

    assert ("mug", "Mug", 2) in await desk.catalog()
    assert await desk.stock() == {"MUG-B": 5, "MUG-S": 3, "PAN": 2, "LID": 7}


async def test_formulas_leave_guarded_and_come_back_as_they_were(desk: Desk) -> None:
    evil = '=HYPERLINK("http://evil.example")'
    path = await desk.import_whole(
        f'{HEADER}\npan,"{evil.replace(chr(34), chr(34) * 2)}",@PAN,no price,2,,,+1\nlid,Lid,LID,1,1,,,\n'
    )

    refused = (await desk.browser.http.get(f"{path}/refused.csv")).content.decode("utf-8-sig")

    _header, row = list(csv.reader(io.StringIO(refused)))
    assert [row[1], row[2], row[7]] == [f"'{evil}", "'@PAN", "'+1"]
    await desk.import_whole(refused.replace("no price", "3", 1))
    assert ("pan", evil, 1) in await desk.catalog()
    assert (await desk.stock())["@PAN"] == 2


async def test_the_list_pages_through_many_files(desk: Desk) -> None:
    async with desk.site.sessions.write(desk.merchant.id) as session:
        session.add_all(
            Import(merchant_id=desk.merchant.id, filename=f"f{n}.csv", stored_as=f"x{n}", size=1, format="generic",
                   created_at=desk.site.now)
            for n in range(60)
        )  # fmt: skip

    first = await desk.browser.get("/imports")
    older = next(link for link in first.select("a") if "before=" in str(link.get("href", "")))
    second = await desk.browser.get(str(older["href"]))

    names = [link.text for page in (first, second) for link in page.select("#earlier tbody a")]
    assert len(names) == len(set(names)) == 60


async def test_another_merchants_import_is_nobodys(desk: Desk, other_merchant: Merchant) -> None:
    path = await desk.bring(TABLE)
    charlie = await desk.site.sign_in(other_merchant, "charlie")
    async with charlie.http:
        await charlie.get(path, status=404)
        await charlie.get(f"{path}/refused.csv", status=404)
        assert (await charlie.post(f"{path}/commit")).status_code == 404
        assert (await charlie.post(f"{path}/mapping", {"encoding": "utf-8"})).status_code == 404
        assert "products.csv" not in str(await charlie.get("/imports"))
    assert (await desk.record(path)).state is ImportState.UPLOADED


async def test_who_may_only_look_brings_and_starts_nothing(desk: Desk) -> None:
    path = await desk.bring(TABLE)
    viewer = await desk.site.sign_in(desk.merchant, "vera", Role.VIEWER)
    async with viewer.http:
        await viewer.get(path)
        sent = Desk(desk.site, viewer, desk.merchant)
        assert (await sent.send(TABLE)).status_code == 403
        assert (await viewer.post(f"{path}/commit")).status_code == 403
        assert (await viewer.post(f"{path}/mapping", {"encoding": "utf-8"})).status_code == 403
    assert (await desk.record(path)).state is ImportState.UPLOADED
    assert len(kept_files(desk)) == 1


def _chosen(select: Any) -> str:
    return str((select.select_one("option[selected]") or select.select_one("option"))["value"])


async def _remap(desk: Desk, path: str, uses: dict[str, str]) -> Any:
    data = {"encoding": "utf-8", "header": list(uses), "use": list(uses.values())}
    return await desk.browser.post(f"{path}/mapping", data)
