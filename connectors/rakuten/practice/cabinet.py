"""R-Cabinet: files and their folders, with the checks of an image that Rakuten documents.

[cabinetapi/cabinetapicodesreference]
"""

from __future__ import annotations

import hashlib
import re
import struct
from email.parser import BytesParser
from email.policy import HTTP
from uuid import uuid4
from xml.sax.saxutils import escape

from connectors.rakuten.practice.answers import Answer
from connectors.rakuten.practice.state import Call

MOST_BYTES, MOST_PIXELS = 2 * 1024 * 1024, 3840
# A new file, and a new folder, is to be seen after ten seconds at the earliest.
SETTLING_SECONDS = 10.0
_DIRECTORY = re.compile(r"[a-z0-9_-]{1,20}")
_PATH = re.compile(r"[a-z0-9_-]+(\.[a-z]+)?")
_RESERVED = re.compile(r"(img\d{8}|imgrc\d{10})(\..*)?")
_SIGNATURES = (b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"BM")


def insert(call: Call) -> Answer:
    """The file is in its folder, also over one of its path where that was asked for."""
    parts = _parts(call)
    document, image = parts.get("xml", b"").decode("utf-8", "replace"), parts.get("file")
    if not document or image is None:
        return _said(call, 400, "3001", "ParameterError")
    wanted = {name: _text(document, name) for name in ("fileName", "folderId", "filePath", "overWrite")}
    folder = _folder_path(call, wanted["folderId"])
    wrong = _wrong_names(wanted) or (("3005", "FolderNotFound") if folder is None else None) or _wrong_image(image)
    if wrong:
        return _said(call, 400, *wrong)
    location = f"{folder}/{wanted['filePath']}"
    known = call.store.row("SELECT id FROM cabinet_image WHERE shop = ? AND location = ?", call.name, location)
    if known is not None and wanted["overWrite"] != "true":
        return _said(call, 400, "3007", "FileNameDuplicate")
    held = {
        "name": wanted["fileName"],
        "size": len(image),
        "sha256": hashlib.sha256(image).hexdigest(),
        "seen_at": call.now + SETTLING_SECONDS,
    }
    if known is not None:
        call.store.update("cabinet_image", known["id"], **held)
        number = int(known["id"])
    else:
        folder_id = int(wanted["folderId"])
        number = call.store.insert("cabinet_image", shop=call.name, folder_id=folder_id, location=location, **held)
    call.accepted(location, {"name": wanted["fileName"], "bytes": len(image)})
    return _said(call, 200, "0", "OK", _number("FileId", number))


# ---- folders ----


def folder_insert(call: Call) -> Answer:
    """A folder below the shop's root. Deeper ones, which Rakuten has too, are not practised here."""
    document = call.raw.decode("utf-8", "replace")
    name, directory = _text(document, "folderName"), _text(document, "directoryName")
    if not name or not _DIRECTORY.fullmatch(directory) or _text(document, "upperFolderId"):
        return _said(call, 400, "3001", "ParameterError")
    path = f"/{directory}"
    if call.store.row("SELECT id FROM cabinet_folder WHERE shop = ? AND path = ?", call.name, path) is not None:
        return _said(call, 400, "3015", "FolderPathDuplicate")
    told_at = call.now + SETTLING_SECONDS
    number = call.store.insert("cabinet_folder", shop=call.name, path=path, name=name, told_at=told_at)
    call.accepted(path, {"name": name})
    return _said(call, 200, "0", "OK", _number("FolderId", number))


def folders_get(call: Call) -> Answer:
    """A page of the folders, `offset` counting pages from one. How an entry is written is unsure."""
    offset, limit = call.query.get("offset", "1"), call.query.get("limit", "100")
    if not (offset.isdecimal() and limit.isdecimal() and int(offset) >= 1 and 1 <= int(limit) <= 100):
        return _said(call, 400, "3001", "ParameterError")
    query = "SELECT id, path, name FROM cabinet_folder WHERE shop = ? AND told_at <= ? ORDER BY id LIMIT ? OFFSET ?"
    first = (int(offset) - 1) * int(limit)
    rows = [(row["id"], row["path"], row["name"]) for row in call.store.rows(query, call.name, call.now, limit, first)]
    told = "".join(
        f"<folder><FolderId>{number}</FolderId><FolderName>{escape(name)}</FolderName><FolderPath>{path}</FolderPath>"
        "</folder>"
        for number, path, name in rows
    )
    return _said(call, 200, "0", "OK", f"<folderCount>{len(rows)}</folderCount><folders>{told}</folders>")


def _folder_path(call: Call, number: str) -> str | None:
    """Where the folder stands, the one that every shop has at the root; None where there is no such folder."""
    if number == "0":
        return ""
    found = call.store.row("SELECT path FROM cabinet_folder WHERE shop = ? AND id = ?", call.name, number)
    return None if found is None else str(found["path"])


# ---- what items see of it ----


def settled(call: Call, location: str) -> bool:
    """Whether an item may name the file: once it is to be seen. What no call has put there is not judged. [unsure]"""
    query = "SELECT seen_at FROM cabinet_image WHERE shop = ? AND location = ?"
    found = call.store.row(query, call.name, location)
    return found is None or found["seen_at"] <= call.now


# ---- a call's parts ----


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
    return None


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


def _number(element: str, number: int) -> str:
    return f"<{element}>{number}</{element}>"


def _said(call: Call, status: int, code: str, message: str, told: str = "") -> Answer:
    """The words beside a code are not published. [unsure]"""
    state = "OK" if code == "0" else "NG"
    kind = "".join(part.capitalize() for part in call.operation.split(".")[1:])
    body = (
        f"<result><status><interfaceId>{call.operation}</interfaceId><systemStatus>{state}</systemStatus>"
        f"<message>{message}</message><requestId>{uuid4()}</requestId><requests/></status>"
        f"<cabinet{kind}Result><resultCode>{code}</resultCode>{told}</cabinet{kind}Result></result>"
    )
    return Answer(status, body, "ok" if code == "0" else code, "text/xml; charset=utf-8")
