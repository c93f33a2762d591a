"""Reads what R-Cabinet answers, and writes what it is sent.

An answer is searched for the few elements that matter instead of being built into a tree: nothing in it can then be
expanded or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from xml.sax.saxutils import escape

MEDIA_TYPE = "text/xml"
_OK = "OK"


def is_result(body: bytes) -> bool:
    """Whether the answer is one of R-Cabinet's at all."""
    return bool(text(body, "systemStatus"))


def result(body: bytes) -> tuple[str, str]:
    """Code and words of what R-Cabinet refused; two empty texts for a success and for what is no answer of it.

    The code is the number the reference lists, or the message where there is no number, such as AuthError.
    """
    status, code, message = text(body, "systemStatus"), text(body, "resultCode"), text(body, "message")
    if not status or (status == _OK and code in ("", "0")):
        return "", ""
    return (code if code not in ("", "0") else message), message


def parts(body: bytes, element: str) -> list[bytes]:
    """What stands inside each element of the name."""
    return re.findall(rb"<%b>(.*?)</%b>" % (element.encode(), element.encode()), body, re.DOTALL)


def text(body: bytes, element: str) -> str:
    """The text of the first element of the name, empty where there is none."""
    found = re.search(rf"<{element}>([^<]*)</{element}>", body.decode("utf-8", "replace"))
    return unescape(found.group(1)).strip() if found else ""


def request(kind: str, thing: str, fields: Mapping[str, str]) -> bytes:
    """A request document: <request><kind><thing> with one element a field."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    document = f"<request><{kind}><{thing}>{inner}</{thing}></{kind}></request>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}'.encode()
