"""Reads Yahoo!'s XML. Nothing in it may be defined by itself: no document type, so no entity of its own."""

from __future__ import annotations

from xml.etree import ElementTree as ET

Element = ET.Element


def parsed(body: bytes) -> Element | None:
    """The root of the answer without namespaces in its tags, None for what is no XML or brings a document type.

    The only entities read are XML's own five, so an answer cannot grow in the reading.
    """
    # In UTF-16 or UTF-32 the words would hide from this search; Yahoo! answers in UTF-8, and a NUL is in no UTF-8 XML.
    if b"\x00" in body or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None
    try:
        root = ET.fromstring(body)  # noqa: S314 - what makes it unsafe is refused above
    except (ET.ParseError, ValueError, LookupError):
        return None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def results(root: Element) -> list[Element]:
    """Every <Result>, where one and many look alike."""
    return root.findall("Result")


def text(element: Element, path: str) -> str:
    """The text at the path without the space around it, empty where there is none."""
    return (element.findtext(path) or "").strip()
