"""Documents at addresses of their own: what feeds bring, what feeds and reports leave behind, and schemas."""

from __future__ import annotations

import gzip
import secrets
from typing import Any

from litestar import Response, get, put
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from connectors.amazon.practice import product_types
from connectors.amazon.practice.addressing import AnyRequest, practice_of
from connectors.amazon.practice.state import Call, Practice

# https://developer-docs.amazon.com/sp-api/docs/feeds-api: an address lives for five minutes.
ADDRESS_SECONDS = 300


def make(practice: Practice, seller_id: str, content_type: str, content: bytes | None = None) -> str:
    """A document's id; its content comes later where there is none yet, and is packed where there is."""
    number = f"amzn1.practice.3.{secrets.token_hex(16)}"
    packed = gzip.compress(content) if content is not None else None
    practice.store.insert(
        "document",
        id=number,
        shop=seller_id,
        content=packed,
        content_type=content_type,
        packed=packed is not None,
        created_at=practice.clock(),
    )
    return number


def address(call: Call, number: str) -> str:
    """Where the document is for five minutes from now."""
    return f"{call.root}/documents/{number}.{int(call.now) + ADDRESS_SECONDS}"


@put("/documents/{name:str}", status_code=200)
async def upload(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """The content of a document, with exactly the content type it was announced with."""
    practice, number = practice_of(request), _living(practice_of(request), name)
    row = practice.store.row("SELECT content_type FROM document WHERE id = ?", number)
    if row is None or row["content_type"] != request.headers.get("content-type"):
        return Response(content=b"<Error><Code>SignatureDoesNotMatch</Code></Error>", status_code=403)
    practice.store.run("UPDATE document SET content = ? WHERE id = ?", await request.body(), number)
    return Response(content=b"", status_code=200)


@get("/documents/{name:str}")
async def download(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    practice = practice_of(request)
    row = practice.store.row("SELECT * FROM document WHERE id = ?", _living(practice, name))
    if row is None or row["content"] is None:
        raise NotFoundException
    return Response(content=row["content"], headers={"content-type": row["content_type"]})


@get("/schemas/{checksum:str}")
async def schema(checksum: FromPath[str]) -> Response[bytes]:
    content = product_types.find_document(checksum)
    if content is None:
        raise NotFoundException
    return Response(content=content, media_type="application/json")


def _living(practice: Practice, name: str) -> str:
    """The id in an address that has not ended."""
    number, _, ends = name.rpartition(".")
    if not ends.isdecimal() or int(ends) < practice.clock():
        raise NotFoundException
    return number


ROUTES: list[Any] = [upload, download, schema]
