"""Codes of the merchant's own prefix: every one valid, in the prefix, made once, and on nothing yet."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from connectors import gtin
from portal.codes import forms, service
from portal.codes.forms import Wanted
from portal.errors import FormInvalid
from portal.models.accounts import Merchant, Role
from portal.models.catalog import Variant
from portal.models.codes import CodePrefix, IssuedCode
from tests.listings.site import Browser, Site

PREFIX = "4512345678"


async def codes(site: Site, merchant: Merchant) -> list[str]:
    return sorted(row.code for row in await site.rows(merchant, IssuedCode))


async def make(site: Site, merchant: Merchant, prefix: str, count: int, start: int | None = None) -> int:
    async with site.sessions.write(merchant.id) as session:
        return await service.generate(session, merchant.id, Wanted(prefix, start, count), now=site.now)


async def wear(site: Site, merchant: Merchant, barcode: str) -> None:
    """A variant has had this code all along."""
    product = await site.product(merchant, "Old")
    async with site.sessions.write(merchant.id) as session:
        [variant] = [one for one in await site.rows(merchant, Variant) if one.product_id == product.id]
        (await session.get_one(Variant, variant.id)).barcode = barcode


@pytest.mark.parametrize(("prefix", "count"), [(PREFIX, 100), ("451234567", 1000), ("06141412", 250)])
async def test_codes_are_valid_each_is_one_and_all_begin_with_the_prefix(
    site: Site, merchant: Merchant, prefix: str, count: int
) -> None:
    assert await make(site, merchant, prefix, count) == count
    made = await codes(site, merchant)
    assert len(set(made)) == count
    assert all(gtin.is_valid(code) and len(code) == 13 and code.startswith(prefix) for code in made)


async def test_ten_thousand_are_made_at_once_and_the_next_go_on_behind_them(site: Site, merchant: Merchant) -> None:
    assert await make(site, merchant, "4512345", 10_000) == 10_000
    assert await make(site, merchant, "4512345", 5) == 5
    made = await codes(site, merchant)
    assert len(set(made)) == 10_005
    assert made[-1][:12] == "451234510004"


async def test_what_is_on_a_variant_is_passed_over_in_whatever_length_it_is_written(
    site: Site, merchant: Merchant
) -> None:
    await wear(site, merchant, gtin.numbered("0614141234", 0)[1:])
    await wear(site, merchant, "0" + gtin.numbered("0614141234", 2))
    assert await make(site, merchant, "0614141234", 3) == 3
    made = await codes(site, merchant)
    assert [code[10:12] for code in made] == ["01", "03", "04"]


async def test_an_exhausted_prefix_gives_what_it_has_and_then_says_so(site: Site, merchant: Merchant) -> None:
    assert await make(site, merchant, "45123456789", 4) == 4
    assert await make(site, merchant, "45123456789", 100) == 6
    with pytest.raises(FormInvalid) as refused:
        await make(site, merchant, "45123456789", 1)
    assert refused.value.errors["prefix"].startswith("Every number of 45123456789 is used.")
    with pytest.raises(FormInvalid) as refused:
        await make(site, merchant, "45123456789", 1, start=3)
    assert "start" in refused.value.errors


async def test_a_lower_start_fills_what_was_left_out_and_repeats_nothing(site: Site, merchant: Merchant) -> None:
    assert await make(site, merchant, PREFIX, 2, start=50) == 2
    assert await make(site, merchant, PREFIX, 51, start=0) == 51
    assert [code[10:12] for code in await codes(site, merchant)] == [f"{n:02d}" for n in range(53)]
    [prefix] = await site.rows(merchant, CodePrefix)
    assert prefix.next_item == 53


async def test_a_shorter_prefix_makes_none_that_a_longer_one_made(site: Site, merchant: Merchant) -> None:
    assert await make(site, merchant, "451234567", 10) == 10
    assert await make(site, merchant, "4512345670", 10) == 10
    assert len(set(await codes(site, merchant))) == 20


async def test_two_browsers_at_once_never_make_the_same_code(site: Site, merchant: Merchant) -> None:
    browsers = [await site.sign_in(merchant, name) for name in ("alice", "bob", "carol", "dave")]
    for one in browsers:
        await one.get("/codes")
    form = {"prefix": PREFIX, "start": "", "count": "20"}
    answers = await asyncio.gather(*(one.post("/codes", form) for one in browsers))
    for one in browsers:
        await one.http.aclose()
    assert [answer.status_code for answer in answers] == [303] * 4
    made = await codes(site, merchant)
    assert (len(made), len(set(made))) == (80, 80)


async def test_the_database_itself_keeps_a_code_from_being_made_twice(site: Site, merchant: Merchant) -> None:
    await make(site, merchant, PREFIX, 1)
    [prefix] = await site.rows(merchant, CodePrefix)
    [code] = await codes(site, merchant)
    with pytest.raises(IntegrityError):
        async with site.sessions.write(merchant.id) as session:
            session.add(IssuedCode(merchant_id=merchant.id, prefix_id=prefix.id, code=code))


@pytest.mark.parametrize(
    ("prefix", "says"),
    [
        ("", "Enter the digits"),
        ("45123x", "Enter the digits"),
        ("45123", "has 6 to 11 digits; this has 5"),
        ("451234567890", "has 6 to 11 digits; this has 12"),
        ("200000", "inside a store"),
        ("299999", "inside a store"),
        ("021234", "inside a store"),
        ("041234", "inside a store"),
        ("978123", "books"),
        ("991234", "coupons"),
        ("000001", "short codes"),
    ],
)
def test_what_can_be_no_companys_prefix_is_refused_at_its_field(prefix: str, says: str) -> None:
    with pytest.raises(FormInvalid) as refused:
        forms.parse({"prefix": prefix, "count": "1"})
    assert says in refused.value.errors["prefix"]


def test_full_width_digits_spaces_and_hyphens_are_taken() -> None:
    typed = {"prefix": "４５１２ ３４５-６", "start": "１２", "count": "１０，０００"}
    assert forms.parse(typed) == Wanted("45123456", 12, 10_000)


@given(st.text(max_size=14), st.text(max_size=8), st.text(max_size=8))
def test_whatever_is_typed_is_taken_or_refused_at_its_field(prefix: str, start: str, count: str) -> None:
    errors: dict[str, str] = {}
    try:
        wanted = forms.parse({"prefix": prefix, "start": start, "count": count})
    except FormInvalid as refused:
        errors = refused.errors
    else:
        assert gtin.is_valid(gtin.numbered(wanted.prefix, wanted.start or 0))
        assert not gtin.is_in_store(gtin.numbered(wanted.prefix, wanted.start or 0))
    assert errors.keys() <= {"prefix", "start", "count"}


@pytest.mark.parametrize(
    ("field", "value"), [("count", "0"), ("count", "10001"), ("count", "x"), ("start", "-1"), ("start", "100")]
)
async def test_bad_input_is_said_at_its_field_and_nothing_typed_is_lost(
    site: Site, merchant: Merchant, field: str, value: str
) -> None:
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        form = {"prefix": PREFIX, "start": "7", "count": "12"} | {field: value}
        answer = await alice.post("/codes", form)
        assert answer.status_code == 422
        for name, text in form.items():
            assert f'name="{name}" type="text" value="{text}"' in answer.text
        assert f'id="field-{field}-error"' in answer.text
    assert await codes(site, merchant) == []


async def test_without_a_prefix_nothing_is_made_and_the_page_says_where_to_get_one(
    site: Site, merchant: Merchant
) -> None:
    alice = await site.sign_in(merchant, "alice")
    async with alice.http:
        page = (await alice.get("/codes")).get_text(" ")
        assert (await alice.post("/codes", {"prefix": "", "count": "5"})).status_code == 422
    assert "Only GS1 gives companies a prefix" in page
    assert "GTIN exemption" in page
    assert await codes(site, merchant) == []


async def listed(browser: Browser, path: str) -> list[str]:
    return [str(row["id"]).removeprefix("code-") for row in (await browser.get(path)).select("tr[data-row]")]


async def test_codes_are_listed_by_page_and_taken_out_as_a_file(site: Site, merchant: Merchant) -> None:
    await make(site, merchant, PREFIX, 60)
    made = await codes(site, merchant)
    await wear(site, merchant, made[0])
    viewer = await site.sign_in(merchant, "victor", Role.VIEWER)
    async with viewer.http:
        first = await listed(viewer, "/codes")
        assert (first, await listed(viewer, f"/codes?after={first[-1]}")) == (made[:50], made[50:])
        assert await listed(viewer, "/codes?which=used") == made[:1]
        assert (await listed(viewer, "/codes?which=free"))[0] == made[1]
        free = await viewer.http.get("/codes/file?which=free")
        rows = list(csv.DictReader(io.StringIO((await viewer.http.get("/codes/file")).text)))
    assert free.headers["content-disposition"] == 'attachment; filename="codes-free.csv"'
    assert [line.split(",")[0] for line in free.text.splitlines()[1:]] == made[1:]
    assert [(row["code"], row["state"]) for row in rows][:2] == [(made[0], "used"), (made[1], "free")]


async def test_another_merchants_codes_are_neither_seen_nor_in_the_way(
    site: Site, merchant: Merchant, other_merchant: Merchant
) -> None:
    await make(site, merchant, PREFIX, 3)
    assert await make(site, other_merchant, PREFIX, 3) == 3
    assert await codes(site, merchant) == await codes(site, other_merchant)
