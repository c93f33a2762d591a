"""The XML that Yahoo! answers with."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

Element = ET.Element


@dataclass(frozen=True, slots=True)
class Refusal:
    """One error: what it is about, its code, its words."""

    target: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status and an XML root; `refused` for the record of requests."""

    root: Element
    status: int = 200
    refused: str = ""


def node(tag: str, *children: Element, text: str = "") -> Element:
    made = ET.Element(tag)
    made.text = text or None
    made.extend(children)
    return made


def texts(**fields: str) -> list[Element]:
    """An element for each field, named as the field is."""
    return [node(tag, text=text) for tag, text in fields.items()]


def result_set(*results: Element, total: int | None = None) -> Element:
    made = node("ResultSet", *results)
    made.set("totalResultsAvailable", str(len(results) if total is None else total))
    made.set("totalResultsReturned", str(len(results)))
    return made


def done(*more: Element) -> Answer:
    return Answer(result_set(node("Result", node("Status", text="OK"), *more)))


def refused(*refusals: Refusal) -> Answer:
    """A result that is NG. That it comes with HTTP 200 is unsure."""
    said = [node("Error", *texts(Target=r.target, Code=r.code, Message=r.message)) for r in refusals]
    root = node("ResultSet", node("Result", node("Status", text="NG"), *said))
    return Answer(root, refused=" ".join(r.code for r in refusals))


def error(status: int, message: str, code: str = "") -> Answer:
    """An error of the whole call."""
    coded = texts(Code=code) if code else []
    return Answer(node("Error", *texts(Message=message), *coded), status, refused=code or message[:60])


def dump(root: Element) -> bytes:
    """The bytes on the wire."""
    body: str = ET.tostring(root, encoding="unicode")
    return f"<?xml version='1.0' encoding='UTF-8' ?>\n{body}".encode()
