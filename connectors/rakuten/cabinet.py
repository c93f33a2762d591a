"""Puts a JPEG into the shop's R-Cabinet, where alone an item can show it from. [cabinetapi/*]"""

from __future__ import annotations

import re

from connectors import measures
from connectors.errors import UNDER_WAY, Busy, OurFault, Problem, as_error
from connectors.rakuten import names, xml
from connectors.rakuten.client import CABINET, Call, RakutenClient, Reply

NAME_BYTES = 50
# The most that one call tells of, and more pages of them than any shop has.
FOLDERS_A_PAGE, MOST_PAGES = 100, 50
# The folder's path is in use already; what is new is told of after ten seconds.
FOLDER_EXISTS, SETTLING_SECONDS = "3015", 10.0
_BOUNDARY = "crossdock-image"


async def our_folder(client: RakutenClient) -> str:
    """The number of the folder our images lie in; it is made where there is none. Raises ChannelError.

    The names of elements in an answer are those of a public client. [unsure]
    """
    for page in range(1, MOST_PAGES + 1):
        folders = xml.parts(await _folders(client, page), "folder")
        for folder in folders:
            if xml.text(folder, "FolderPath").strip("/") == names.FOLDER:
                return xml.text(folder, "FolderId")
        if len(folders) < FOLDERS_A_PAGE:
            break
    fields = {"folderName": names.FOLDER, "directoryName": names.FOLDER}
    try:
        reply = await _post(client, "folder/insert", xml.request("folderInsertRequest", "folder", fields))
    except OurFault as refused:
        if refused.problem.code == FOLDER_EXISTS:
            raise Busy(UNDER_WAY, retry_after_seconds=SETTLING_SECONDS) from refused
        raise
    return xml.text(_taken(reply), "FolderId")


async def upload(client: RakutenClient, image: bytes, *, folder_id: str, place: str, name: str) -> Problem | None:
    """The image lies under the last part of `place` in the folder, over what lay there; or why it was refused.

    `name` is for the merchant, who sees it in R-Cabinet's own list.
    """
    path = place.rpartition("/")[2]
    fields = {"fileName": _name(name), "folderId": folder_id, "filePath": path, "overWrite": "true"}
    document = xml.request("fileInsertRequest", "file", fields)
    kind = f"multipart/form-data; boundary={_boundary(image)}"
    reply = await _post(client, "file/insert", _multipart(document, image, path), kind)
    return reply.problem()


async def _folders(client: RakutenClient, page: int) -> bytes:
    query = {"offset": str(page), "limit": str(FOLDERS_A_PAGE)}
    call = Call(
        operation="cabinet.folders.get",
        method="GET",
        path="/es/1.0/cabinet/folders/get",
        bucket=CABINET,
        query=query,
        content_type=xml.MEDIA_TYPE,
    )
    return _taken(await client.ask_in_xml(call))


async def _post(client: RakutenClient, function: str, content: bytes, content_type: str = xml.MEDIA_TYPE) -> Reply:
    call = Call(
        operation=f"cabinet.{function.replace('/', '.')}",
        method="POST",
        path=f"/es/1.0/cabinet/{function}",
        bucket=CABINET,
        writes=True,
        content=content,
        content_type=content_type,
    )
    return await client.ask_in_xml(call)


def _taken(reply: Reply) -> bytes:
    """What was answered, where nothing was refused. Raises ChannelError."""
    problem = reply.problem()
    if problem is not None:
        raise as_error(problem)
    return reply.xml


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


def _multipart(document: bytes, image: bytes, path: str) -> bytes:
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
            b"Content-Type: image/jpeg",
            b"",
            image,
            line + b"--",
            b"",
        ]
    )
