"""Asking a channel while a page waits: within seconds, and with words for whatever comes instead of an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

from connectors.errors import ChannelError, Problem, ProblemClass
from connectors.protocol import Offers
from connectors.records import CatalogMatch
from portal.connections.account import ConnectionAccount
from portal.errors import NotFound
from portal.i18n import _
from portal.listings.eligible import channel_name
from portal.listings.fixes import admin_url
from portal.listings.words import explain
from portal.models.connections import Connection, ConnectionState
from portal.runtime import Runtime

# How long a person waits for a page before we say that the channel does not answer.
SECONDS = 8.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What the reader is told and where they go (`url` empty: nowhere). `original` is the channel's own word."""

    title: str
    body: str
    url: str = ""
    label: str = ""
    code: str = ""
    original: str = ""
    original_lang: str = "en"


class NotAnswered(Exception):
    """The channel could not be asked, or gave no answer of use."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.code)


def details_of(runtime: Runtime) -> Mapping[str, str]:
    """The product detail that names the item offered on, by channel; only channels where that can be done."""
    offering = {name: connector.offers for name, connector in runtime.connectors.items()}
    return {name: offers.detail for name, offers in offering.items() if offers is not None}


def offers_of(runtime: Runtime, connection: Connection) -> Offers:
    """Raises NotFound where the channel has no catalog to sell from."""
    offers = runtime.connectors[connection.channel].offers
    if offers is None:
        raise NotFound
    return offers


async def search(runtime: Runtime, connection: Connection, codes: Sequence[str]) -> list[CatalogMatch]:
    """The catalog's items with these codes. Raises NotAnswered."""
    offers = offers_of(runtime, connection)
    return await _answer(connection, lambda: offers.search(ConnectionAccount(runtime, connection), codes))


async def restrictions(runtime: Runtime, connection: Connection, ref: str) -> list[Trouble]:
    """Why the merchant may not sell the item there; empty when free to. Raises NotAnswered."""
    offers = offers_of(runtime, connection)
    problems = await _answer(connection, lambda: offers.restrictions(ConnectionAccount(runtime, connection), ref))
    return [_explained(connection, problem) for problem in problems]


async def _answer(connection: Connection, ask: Callable[[], Awaitable[T]]) -> T:
    _check_state(connection)
    try:
        async with asyncio.timeout(SECONDS):
            return await ask()
    except TimeoutError as error:
        raise NotAnswered(_busy(connection, "no_answer")) from error
    except ChannelError as error:
        raise NotAnswered(_of_problem(connection, error.problem)) from error


def _check_state(connection: Connection) -> None:
    match connection.state:
        case ConnectionState.NEEDS_REAUTH:
            raise NotAnswered(_reconnect(connection))
        case ConnectionState.PAUSED:
            said = _("Resume it on its page, then come back.")
            page = f"/channels/{connection.id}"
            raise NotAnswered(Trouble(title=_("This account is paused"), body=said, url=page, label=_("Open it")))
        case ConnectionState.MAINTENANCE:
            raise NotAnswered(_busy(connection, "maintenance"))


def _of_problem(connection: Connection, problem: Problem) -> Trouble:
    match problem.problem_class:
        case ProblemClass.PERMISSION:
            return _reconnect(connection, problem)
        case ProblemClass.BUSY | ProblemClass.UNKNOWN:
            return _busy(connection, problem.code, problem)
        case _:
            return _explained(connection, problem)


def _reconnect(connection: Connection, problem: Problem | None = None) -> Trouble:
    said = {"channel": channel_name(connection.channel)}
    return Trouble(
        title=_("%(channel)s no longer accepts our access") % said,
        body=_("Reconnect the account once, then search again."),
        url=f"/channels/{connection.id}/reconnect?return_to=/offers/new",
        label=_("Reconnect %(channel)s") % said,
        **_original(problem),
    )


def _busy(connection: Connection, code: str, problem: Problem | None = None) -> Trouble:
    said = {"channel": channel_name(connection.channel)}
    return Trouble(
        title=_("%(channel)s isn't answering just now") % said,
        body=_("Nothing you typed is lost. Try again in a minute."),
        **{"code": code, **_original(problem)},
    )


def _explained(connection: Connection, problem: Problem) -> Trouble:
    name = channel_name(connection.channel)
    words = explain(asdict(problem), channel=connection.channel, channel_name=name)
    at_channel = admin_url(connection) if problem.problem_class is ProblemClass.ACCOUNT else ""
    return Trouble(
        title=words.title,
        body=words.body,
        url=at_channel,
        label=_("Open %(channel)s") % {"channel": name} if at_channel else "",
        **_original(problem),
    )


def _original(problem: Problem | None) -> dict[str, str]:
    if problem is None:
        return {}
    return {"code": problem.code, "original": problem.original, "original_lang": problem.original_lang}
