"""Letters on a page, for development: where no mail server is set and everybody is on this machine."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath
from sqlalchemy import select

from portal import mail
from portal.accounts.entry_routes import mail_is_read_here
from portal.errors import NotFound
from portal.models.accounts import MailMessage
from portal.tenancy import SYSTEM
from portal.web import PortalRequest, id_from, page, runtime

SHOWN = 50


@get("/dev/mail")
async def index(request: PortalRequest) -> Response[str]:
    _check(request)
    latest = select(MailMessage).order_by(MailMessage.id.desc()).limit(SHOWN)
    async with runtime(request).sessions.read(SYSTEM) as session:
        letters = (await session.scalars(latest)).all()
    return await page(request, "accounts/letters.html", letters=letters)


@get("/dev/mail/{letter_id:str}")
async def show(request: PortalRequest, letter_id: FromPath[str]) -> Response[str]:
    _check(request)
    async with runtime(request).sessions.read(SYSTEM) as session:
        letter = await session.get(MailMessage, id_from(letter_id))
    if letter is None:
        raise NotFound
    body = mail.read(runtime(request).vault, letter)
    lines = [{"text": line, "link": line.split()[-1] if "://" in line else ""} for line in body.splitlines()]
    return await page(request, "accounts/letter.html", letter=letter, lines=lines)


def _check(request: PortalRequest) -> None:
    if not mail_is_read_here(request):
        raise NotFound


ROUTES = [index, show]
