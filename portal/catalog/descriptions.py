"""HTML a merchant brings, made safe: kept as it is but for what could run or reach out."""

from __future__ import annotations

from typing import Final

import nh3

_ATTRIBUTES: Final = {**nh3.ALLOWED_ATTRIBUTES, "*": {"class", "dir", "lang", "title"}}


def clean(html: str) -> str:
    """The same text without scripts, frames, forms, styles, addresses of other kinds than web and mail, and blank ends.

    Cleaning twice changes nothing more. Done before storing, and again before showing:
    what stands in the database may be older than these rules.
    """
    text = html.replace("\r\n", "\n")
    if "<" not in text and "&" not in text:
        return text
    cleaned = nh3.clean(text, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto", "tel"})
    # What was taken out at an end may leave the spaces before it, which no file brings back.
    return cleaned.strip()
