"""What can go wrong in business, each with its HTTP status and words for the merchant.

PortalError
├── NotFound       404  no such thing for this merchant (another merchant's looks the same)
├── Forbidden      403  the member's role may not
├── SignInNeeded   401  nobody is signed in
├── Conflict       409  somebody else was first, or the thing has moved on
├── FormInvalid    422  what was typed; carries a message for each field
└── TooMany        429  try again at a stated time
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from portal.i18n import _


class PortalError(Exception):
    """`title` and `detail` are for the merchant; str() is for the log.

    `way_on` is an address of ours and its button's words, where there is a better one than the dashboard.
    """

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    way_on: tuple[str, str] | None = None

    def __init__(self, title: str, detail: str = "") -> None:
        self.title = title
        self.detail = detail
        super().__init__(title)


class NotFound(PortalError):
    status = HTTPStatus.NOT_FOUND

    def __init__(self, title: str = "") -> None:
        super().__init__(title or _("This page isn't here"), _("It may have been removed, or the link may be wrong."))


class Forbidden(PortalError):
    status = HTTPStatus.FORBIDDEN

    def __init__(self, detail: str = "") -> None:
        super().__init__(_("Your role doesn't allow this"), detail or _("Ask an owner or manager of this account."))


class SignInNeeded(PortalError):
    status = HTTPStatus.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(_("Sign in to continue"))


class Conflict(PortalError):
    status = HTTPStatus.CONFLICT


class FormInvalid(PortalError):
    """`errors` maps a field's name to one sentence saying what to do; the form is shown again with what was typed."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, errors: dict[str, str]) -> None:
        self.errors = errors
        super().__init__(_("There is a problem"), " ".join(errors.values()))


class TooMany(PortalError):
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, until: datetime, detail: str) -> None:
        self.until = until
        super().__init__(_("Too many tries"), detail)
