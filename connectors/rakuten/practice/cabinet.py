"""R-Cabinet: file.insert, with the checks of an image that Rakuten documents. [cabinetapi/cabinetapicodesreference]"""

from __future__ import annotations

import re
import struct
from email.parser import BytesParser
from email.policy import HTTP
from uuid import uuid4

from connectors.rakuten.practice.answers import Answer
from connectors.rakuten.practice.state import Call

MOST_BYTES, MOST_PIXELS = 2 * 1024 * 1024, 3840
_PATH = re.compile(r"[a-z0-9_-]+(\.[a-z]+)?")
_RESERVED = re.compile(r"(img\d{8}|imgrc\d{10})(\..*)?")
_SIGNATURES = (b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"BM")


def insert(call: Call) -> Answer:
    """The file is in its folder, also over one of its path where that was asked for."""
    parts = _parts(call)
    document, image = parts.get("xml", b"").decode("utf-8", "replace"), parts.get("file")
    if not document or image is None:
        return _said(400, "3001", "ParameterError")
    wanted = {name: _text(document, name) for name in ("fileName", "folderId", "filePath", "overWrite")}
    wrong = _wrong_names(wanted) or _wrong_image(image)
    if wrong:
        return _said(400, *wrong)
    path, key = wanted["filePath"], (call.name, int(wanted["folderId"]), wanted["filePath"])
    known = call.store.row("SELECT id FROM cabinet_file WHERE shop = ? AND folder_id = ? AND path = ?", *key)
    if known is not None and wanted["overWrite"] != "true":
        return _said(400, "3007", "FileNameDuplicate")
    if known is not None:
        call.store.update("cabinet_file", known["id"], name=wanted["fileName"], size=len(image))
        number = int(known["id"])
    else:
        number = call.store.insert(
            "cabinet_file",
            shop=call.name,
            folder_id=0,
            path=path,
            name=wanted["fileName"],
            size=len(image),
            created_at=call.now,
        )
    call.accepted(path, {"name": wanted["fileName"], "bytes": len(image)})
    return _said(200, "0", "OK", file_id=number)


def _parts(call: Call) -> dict[str, bytes]:
    """The parts of a multipart body by name; none of any other body."""
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call.raw)
    if not message.is_multipart():
        return {}
    found: dict[str, bytes] = {}
    for part in message.iter_parts():
        payload = part.get_payload(decode=True)
        found[str(part.get_param("name", header="content-disposition"))] = (
            payload if isinstance(payload, bytes) else b""
        )
    return found


def _text(document: str, element: str) -> str:
    found = re.search(rf"<{element}>([^<]*)</{element}>", document)
    return found.group(1) if found else ""


def _wrong_names(wanted: dict[str, str]) -> tuple[str, str] | None:
    path = wanted["filePath"]
    fits = _PATH.fullmatch(path) and len(path) <= 20 and not _RESERVED.fullmatch(path)
    if not fits or not 1 <= len(wanted["fileName"].encode("euc_jp", "replace")) <= 50:
        return "3001", "ParameterError"
    return None if wanted["folderId"] == "0" else ("3005", "FolderNotFound")


def _wrong_image(image: bytes) -> tuple[str, str] | None:
    if len(image) > MOST_BYTES:
        return "3008", "FileSizeOver"
    if not image.startswith(_SIGNATURES):
        return "3010", "UnsupportedFormat"
    try:
        size = _pixels(image)
    except struct.error:
        return "3011", "BrokenFormat"
    return ("3009", "PixelSizeOver") if max(size) > MOST_PIXELS else None


def _pixels(image: bytes) -> tuple[int, int]:
    """Width and height where the format says them at its beginning; struct.error for a broken one."""
    if image.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", image, 16)
    elif image.startswith(b"GIF"):
        width, height = struct.unpack_from("<HH", image, 6)
    elif image.startswith(b"\xff\xd8"):
        width, height = _jpeg_pixels(image)
    else:
        width, height = 0, 0
    return int(width), int(height)


def _jpeg_pixels(image: bytes) -> tuple[int, int]:
    """From the first frame header; every segment before it says how long it is."""
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", image, at)
        if marker >> 8 != 0xFF:
            raise struct.error("no segment begins here")
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack_from(">HH", image, at + 5)
            return int(width), int(height)
        at += 2 + length


def _said(status: int, code: str, message: str, *, file_id: int = 0) -> Answer:
    """The words beside a code are not published. [unsure]"""
    state = "OK" if code == "0" else "NG"
    body = (
        f"<result><status><interfaceId>cabinet.file.insert</interfaceId><systemStatus>{state}</systemStatus>"
        f"<message>{message}</message><requestId>{uuid4()}</requestId><requests/></status>"
        f"<cabinetFileInsertResult><resultCode>{code}</resultCode><FileId>{file_id}</FileId></cabinetFileInsertResult>"
        "</result>"
    )
    return Answer(status, body, "ok" if code == "0" else code, "text/xml; charset=utf-8")
