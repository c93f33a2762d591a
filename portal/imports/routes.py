"""Bringing a file: upload, review, commit, report."""

from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath, FromQuery

from portal.clock import new_id
from portal.errors import FormInvalid
from portal.i18n import _
from portal.imports import queries, service, storing
from portal.imports.encodings import NAMES
from portal.imports.fragments import problems, progress
from portal.imports.guards import guarded
from portal.imports.known import Known
from portal.imports.layouts.opening import own_headers, own_rows
from portal.imports.mapping import FIELDS, IGNORE, KEEP, Mapping, label
from portal.imports.reading import Table
from portal.imports.refusals import UnreadableFile
from portal.models.accounts import Role
from portal.models.imports import Import, ImportState
from portal.web import Place, PortalRequest, done, id_from, page, redirect, runtime, visitor

UPLOAD_BYTES = storing.LARGEST_BYTES + 1024 * 1024


@get("/imports")
async def index(request: PortalRequest, before: FromQuery[str] = "") -> Response[Any]:
    return await _index(request, before=before)


@post("/imports", request_max_body_size=UPLOAD_BYTES)
async def upload(request: PortalRequest) -> Response[Any]:
    """The file is kept and tried; the page that follows shows how it was read and what it would bring."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    form = await request.form()
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _index(request, error=_("Choose a file first."))
    import_id = new_id()
    folder = service.folder(current.settings.data_dir)
    try:
        size = await storing.keep(file, folder, import_id)
        tried = await storing.try_out(folder / str(import_id), asking.currency, known=_known(request))
    except FormInvalid as error:
        return await _index(request, error=error.errors["file"])
    except UnreadableFile as error:
        (folder / str(import_id)).unlink(missing_ok=True)
        return await _index(request, error=f"{error.title}. {error.detail}")
    record = Import(
        id=import_id,
        merchant_id=asking.merchant_id,
        filename=_shown_name(file.filename),
        stored_as=str(import_id),
        size=size,
        made_by=asking.user_id,
    )
    service.describe(record, tried.table, tried.mapping, tried.counts)
    async with current.sessions.write(asking.merchant_id) as session:
        session.add(record)
        await session.flush()
        await service.keep_problems(session, record, tried.problems)
    return redirect(f"/imports/{import_id}")


@get("/imports/{import_id:str}")
async def show(request: PortalRequest, import_id: FromPath[str], after: Place = 0) -> Response[Any]:
    return await _show(request, import_id, after=after)


@post("/imports/{import_id:str}/mapping")
async def remap(request: PortalRequest, import_id: FromPath[str]) -> Response[Any]:
    """The file is tried again as the merchant says it is to be read."""
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    form = await request.form()
    async with current.sessions.read(asking.merchant_id) as session:
        record = await service.one(session, id_from(import_id))
    if record.state is not ImportState.UPLOADED:
        return redirect(f"/imports/{record.id}")
    headers = [str(value) for value in form.getall("header", [])]
    uses = dict(zip(headers, [str(value) for value in form.getall("use", [])], strict=False))
    encoding = str(form.get("encoding") or record.encoding)
    path = service.kept_file(current.settings.data_dir, record)
    try:
        tried = await storing.try_out(
            path,
            asking.currency,
            encoding=encoding,
            uses=uses if encoding == record.encoding else None,
            known=_known(request),
        )
    except UnreadableFile as error:
        return await _show(request, import_id, error=f"{error.title}. {error.detail}", typed=uses)
    async with current.sessions.write(asking.merchant_id) as session:
        row = await service.one(session, record.id)
        if row.state is ImportState.UPLOADED:
            service.describe(row, tried.table, tried.mapping, tried.counts)
            await service.forget_problems(session, row)
            await service.keep_problems(session, row, tried.problems)
    return redirect(f"/imports/{record.id}")


@post("/imports/{import_id:str}/commit")
async def commit(request: PortalRequest, import_id: FromPath[str]) -> Response[Any]:
    asking, current = visitor(request, Role.MANAGER), runtime(request)
    async with current.sessions.write(asking.merchant_id) as session:
        record = await service.one(session, id_from(import_id))
        await service.commit(session, record, now=current.clock())
    async with current.sessions.read(asking.merchant_id) as session:
        parts = [*await progress(session, asking, [record.id]), *await problems(session, asking, [record.id])]
    return await done(request, to=f"/imports/{record.id}", text=_("Import started"), parts=parts)


@get("/imports/{import_id:str}/refused.csv")
async def refused(request: PortalRequest, import_id: FromPath[str]) -> Response[bytes]:
    """The rows that did not arrive, as they were, with the reason in a last column: to be mended and brought again."""
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        record = await service.one(session, id_from(import_id))
        reasons = await queries.refused_rows(session, record.id)
    path = service.kept_file(current.settings.data_dir, record)
    table, _mapping = service.reopen(path, record)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*own_headers(table), "Crossdock: why"])
    for row in own_rows(path, table):
        if row.number in reasons:
            writer.writerow([*(guarded(cell) for cell in row.cells), " ".join(reasons[row.number])])
    name = quote(f"not imported - {record.filename}")
    headers = {"Content-Disposition": f"attachment; filename=\"not-imported.csv\"; filename*=UTF-8''{name}"}
    return Response(("\ufeff" + text.getvalue()).encode(), media_type="text/csv", headers=headers)


def _known(request: PortalRequest) -> Callable[[], Awaitable[Known]]:
    """Reads, when asked, what the merchant has: some files are about that."""

    async def read() -> Known:
        async with runtime(request).sessions.read(visitor(request).merchant_id) as session:
            return await queries.known(session)

    return read


def _shown_name(filename: str) -> str:
    """The last part of the name, to be read only: the file is kept under one of ours. No control or direction signs."""
    return "".join(letter for letter in Path(filename).name if letter.isprintable())[:255]


async def _index(request: PortalRequest, *, before: str = "", error: str = "") -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        views, cursor = await queries.page(session, id_from(before) if before else None)
    return await page(
        request,
        "imports/index.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        views=views,
        cursor=cursor,
        before=before,
        error=error,
    )


async def _show(
    request: PortalRequest, import_id: str, *, after: int = 0, error: str = "", typed: dict[str, str] | None = None
) -> Response[Any]:
    asking, current = visitor(request), runtime(request)
    async with current.sessions.read(asking.merchant_id) as session:
        record = await service.one(session, id_from(import_id))
        view = await queries.view(session, record)
        causes = await queries.causes(session, record.id)
        found, following = await queries.problems(session, record.id, after=after)
    columns: list[dict[str, Any]] = []
    if record.state is ImportState.UPLOADED:
        table, mapping = service.reopen(service.kept_file(current.settings.data_dir, record), record)
        columns = _columns(table, mapping, typed or {})
    return await page(
        request,
        "imports/show.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        view=view,
        causes=causes,
        problems=found,
        following=following,
        after=after,
        columns=columns,
        encodings=list(NAMES.items()),
        uses=[(KEEP, _("Keep as a note")), (IGNORE, _("Ignore")), *((field, label(field)) for field in FIELDS)],
        error=error,
    )


def _columns(table: Table, mapping: Mapping, typed: dict[str, str]) -> list[dict[str, Any]]:
    """Each column with its use and the first words it holds."""
    return [
        {
            "header": column.header,
            "use": typed.get(column.header, column.use),
            "example": next((row.cells[column.index] for row in table.sample if row.cells[column.index]), ""),
        }
        for column in mapping.columns
    ]


ROUTES = [index, upload, show, remap, commit, refused]
