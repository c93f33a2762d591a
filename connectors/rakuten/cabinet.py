"""Puts an image into the shop's R-Cabinet, where alone an item can show it from. [cabinetapi/*]"""

from __future__ import annotations

import hashlib
import re

from connectors import measures
from connectors.rakuten import xml
from connectors.rakuten.client import CABINET, Call, RakutenClient
from connectors.records import Done, Failed, Outcome

# The folder every R-Cabinet has.
BASIC_FOLDER = "0"
NAME_BYTES = 50
# PNG, TIFF and BMP are converted to JPEG there, and are known as such afterwards.
_EXTENSIONS = {"image/jpeg": "jpg", "image/gif": "gif", "image/png": "jpg", "image/tiff": "jpg", "image/bmp": "jpg"}
_BOUNDARY = "crossdock-image"


async def upload(client: RakutenClient, image: bytes, *, content_type: str, name: str) -> Outcome[str]:
    """The location of the image in the R-Cabinet, as an item names it. A new one may take ten seconds to be seen.

    The path is made of the image itself and overwrites itself, so the same image again is the same file.
    """
    path = f"{hashlib.sha256(image).hexdigest()[:16]}.{_EXTENSIONS.get(content_type, 'jpg')}"
    fields = {"fileName": _name(name), "folderId": BASIC_FOLDER, "filePath": path, "overWrite": "true"}
    document = xml.request("fileInsertRequest", "file", fields)
    reply = await client.ask_in_xml(
        Call(
            operation="cabinet.file.insert",
            method="POST",
            path="/es/1.0/cabinet/file/insert",
            bucket=CABINET,
            writes=True,
            content=_multipart(document, image, path, content_type),
            content_type=f"multipart/form-data; boundary={_boundary(image)}",
        )
    )
    problem = reply.problem()
    return Done(f"/{path}") if problem is None else Failed(problem)


def _name(name: str) -> str:
    """The name in R-Cabinet's own list, cut to what fits there."""
    kept = re.sub(r"[\x00-\x1f]", " ", name).strip() or "image"
    while measures.size(kept, "double_bytes") > NAME_BYTES:
        kept = kept[:-1]
    return kept


def _boundary(image: bytes) -> str:
    """A line that the image does not hold."""
    number = 0
    while f"{_BOUNDARY}-{number}".encode() in image:
        number += 1
    return f"{_BOUNDARY}-{number}"


def _multipart(document: bytes, image: bytes, path: str, content_type: str) -> bytes:
    line = b"--" + _boundary(image).encode()
    return b"\r\n".join(
        [
            line,
            b'Content-Disposition: form-data; name="xml"',
            b"Content-Type: text/xml; charset=utf-8",
            b"",
            document,
            line,
            f'Content-Disposition: form-data; name="file"; filename="{path}"'.encode(),
            f"Content-Type: {content_type}".encode(),
            b"",
            image,
            line + b"--",
            b"",
        ]
    )
