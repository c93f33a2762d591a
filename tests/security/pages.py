"""Walking the house as one reader: every page, and every form on it as a browser would send it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
from bs4 import BeautifulSoup, Tag

from tests.security.house import HTMX, Browser, House, Shop, soup

QUIET = {"/live", "/metrics", "/healthz", "/readyz"}


@dataclass(frozen=True, slots=True)
class Form:
    page: str
    action: str
    fields: tuple[tuple[str, str], ...]
    texts: tuple[str, ...]


async def pages_of(
    house: House, shop: Shop, browser: Browser | None = None
) -> AsyncIterator[tuple[str, httpx.Response]]:
    """Every page with each of the shop's own things, and every live fragment of them."""
    reader = browser or shop.owner
    for route in house.routes():
        if not route.is_safe or route.path in QUIET or route.path.startswith("/connect/{channel:str}/"):
            continue
        key = next((name for name in route.parameters if name in shop.ids), None)
        for one in shop.ids[key] if key else [None]:
            path = route.at({**shop.first(), **({key: one} if key else {})})
            yield path, await reader.get(path)
    every = [f"{name}-{one}" for name in registry(house) for ids in shop.ids.values() for one in ids]
    yield "fragments", await reader.get("/live/fragments?" + "&".join(f"id={name}" for name in registry(house)), HTMX)
    for start in range(0, len(every), 150):
        path = "/live/fragments?" + "&".join(f"id={one}" for one in every[start : start + 150])
        yield "fragments", await reader.get(path, HTMX)


def registry(house: House) -> list[str]:
    """The names of the live fragments."""
    return list(house.app._app.state.fragments)  # type: ignore[attr-defined]  # the application inside the guard


async def forms_of(house: House, shop: Shop) -> list[Form]:
    """Every form that changes something, once for each address it is sent to."""
    found: dict[str, Form] = {}
    async for path, answer in pages_of(house, shop):
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = soup(answer)
            for form in page.select('form[method="post"]'):
                action = str(form["action"])
                found.setdefault(action, Form(path, action, *_fields(page, str(form.get("id", "")), form)))
    assert len(found) > 12
    return list(found.values())


def _fields(page: BeautifulSoup, form_id: str, form: Tag) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    fields, texts = [], []
    outside = page.select(f'[form="{form_id}"]') if form_id else []
    for control in [*form.select("input[name], textarea[name], select[name]"), *outside]:
        name = str(control.get("name", ""))
        if not name or name == "_csrf_token" or control.get("type") in {"file", "submit", "button"}:
            continue
        chosen = control.select_one("option[selected]") or control.select_one("option")
        value = control.get_text() if control.name == "textarea" else str(control.get("value", ""))
        fields.append((name, str(chosen.get("value", "")) if chosen else value))
        if control.name == "textarea" or control.get("type", "text") in {"text", "email", "search", "password"}:
            texts.append(name)
    return tuple(fields), tuple(texts)
