"""Gives Yahoo! a picture of an item, which editItem may then name in `item_image_urls`."""

from __future__ import annotations

import hashlib

from connectors.yahoo import answers, errors
from connectors.yahoo.client import UPLOAD, YahooClient

# https://developer.yahoo.co.jp/webapi/shopping/uploadItemImage.html: the kinds it takes, by how a file of each begins.
_KINDS = {b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"\x89PNG\r\n\x1a\n": "png"}


async def upload(shop: YahooClient, content: bytes, *, item_code: str, place: int = 0) -> str:
    """Yahoo! holds the picture: its address there. `place` 0 is the main picture, 1 to 20 those of details.

    The file's name says which item and place it is for, so a repetition puts the same picture in the same place.
    At most two megabytes are taken. The picture can be named in an item some two seconds later, and buyers see it
    after a publish. Raises DataRefused for what Yahoo! takes for no picture, Busy when the hour's ten thousand are
    used up, InDoubt when no answer came.
    """
    name = f"{item_code}_{place}" if place else item_code
    body, content_type = _multipart(f"{name}.{_kind(content)}", content)
    reply = await shop.upload(UPLOAD, body, content_type)
    if reply.refusals:
        raise errors.as_error(errors.problem_of(reply.refusals, request_id=reply.request_id))
    return answers.text(reply.root, "Result/Url/ModeA").replace("http://", "https://", 1)


def _kind(content: bytes) -> str:
    """The file's ending; what is no picture goes as a JPEG, and Yahoo! says what it thinks of it."""
    return next((kind for start, kind in _KINDS.items() if content.startswith(start)), "jpg")


def _multipart(name: str, content: bytes) -> tuple[bytes, str]:
    """The form with the file, and its content type. The boundary is made of the content, so it cannot be in it."""
    boundary = hashlib.sha256(content).hexdigest()
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    kind = name.rpartition(".")[2].replace("jpg", "jpeg")
    body = f"{head}Content-Type: image/{kind}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
