"""XML from outside as plain nodes with their lines: no document type, no entities, nothing fetched, all bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from khien.watch.observe.findings import WatchFindings

DEEPEST: Final = 40
MOST_NODES: Final = 500_000


@dataclass(slots=True)
class Node:
    """One element: its namespace, local name, line, attributes, own text and children."""

    ns: str
    name: str
    line: int
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text, as it stands."""
        return "".join(self.parts)

    @property
    def words(self) -> str:
        """Its own text without blanks around it."""
        return "".join(self.parts).strip()

    def all(self, name: str) -> Iterator[Node]:
        """Children of a name, in any namespace."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> Node | None:
        """The first child of a name."""
        return next(self.all(name), None)

    def said(self, name: str) -> str | None:
        """The text of the first child of a name; None when there is none or it is blank."""
        child = self.first(name)
        return (child.words or None) if child is not None else None


class _TooMuch(Exception):
    """The document is deeper or larger than agreed."""


class _Builder:
    """What the parser reports its events to."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[Node] = []
        self.count = 0
        self.expat: Any = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self.count += 1
        if len(self.open) >= DEEPEST or self.count > MOST_NODES:
            raise _TooMuch
        ns, _, name = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
        node = Node(ns, name, self.expat.CurrentLineNumber, attributes)
        if self.open:
            self.open[-1].children.append(node)
        else:
            self.root = node
        self.open.append(node)

    def end(self, tag: str) -> None:
        """An element ends."""
        self.open.pop()

    def data(self, text: str) -> None:
        """Text within an element."""
        if self.open:
            self.open[-1].parts.append(text)

    def close(self) -> Node | None:
        """The document is over."""
        return self.root


def parse(data: bytes, name: str, findings: WatchFindings) -> Node | None:
    """The root of a document; None, with a finding, when it is broken, hostile, or larger than agreed."""
    builder = _Builder()
    parser = DefusedXMLParser(target=builder, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder.expat = parser.parser
    try:
        parser.feed(data)
        root: Node | None = parser.close()
        return root
    except DefusedXmlException:
        findings.note("xml-doctype", name, builder.expat.CurrentLineNumber)
    except _TooMuch:
        findings.note("xml-deep", name, builder.expat.CurrentLineNumber, limit=DEEPEST, most=MOST_NODES)
    except ParseError as error:
        findings.note("xml", name, error.position[0], reason=str(error).partition(":")[0])
    except (ValueError, LookupError) as error:
        # Expat raises these for an encoding that Python does not have.
        findings.note("xml", name, 1, reason=str(error))
    return None
