"""What a warning would look like as it leaves: the CAP message itself, read back and laid out in both languages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from khien.board.charts.watch_outside import code_name
from khien.board.language import moment_text
from khien.draw.numbers import percent
from khien.watch.feeds.cap import read_cap
from khien.watch.warn import Content, Desk, Message, Record, cap_message, identifier

_CAP: Final = "{urn:oasis:names:tc:emergency:cap:1.2}"
HEAD: Final = ("identifier", "sender", "sent", "status", "msgType", "scope", "references")
INFO: Final = (
    "event", "responseType", "urgency", "severity", "certainty", "effective", "onset", "expires", "senderName",
    "headline", "description", "instruction",
)  # fmt: skip
TIMES: Final = ("effective", "onset", "expires")
CODES: Final = ("responseType", "urgency", "severity", "certainty")


@dataclass(frozen=True)
class Preview:
    """A message: its text, the parts of its head, its parts by language, and whether it is sound CAP 1.2."""

    xml: str
    head: list[tuple[str, str]]
    infos: list[dict[str, Any]]
    sound: bool
    findings: tuple[Any, ...]


def preview(desk: Desk, content: Content, now: datetime, record: Record | None = None) -> Preview:
    """The message that an approval of this content would send now; nothing of it is kept."""
    base = record or Record("preview", "signal", content)
    would = replace(base, official=content, pending=None)
    kind: Any = "Alert" if not base.messages else "Update"
    message = Message(len(base.messages) + 1, kind, now, content, "", "", 0)
    return read(cap_message(desk, would, message), f"{identifier(would, message)}.cap.xml")


def sent(desk: Desk, record: Record, number: int) -> Preview:
    """A message that was sent, the first has number 1."""
    message = record.messages[number - 1]
    return read(cap_message(desk, record, message), f"{identifier(record, message)}.cap.xml")


def read(made: bytes, name: str) -> Preview:
    """A message read back from its bytes, checked as one that came from outside would be."""
    root = ET.fromstring(made)
    found = read_cap(made, name)
    head = [(part, _text(root, part)) for part in HEAD]
    infos = [
        {
            "language": _text(info, "language")[:2],
            "parts": [(part, _shown(info, part)) for part in INFO if _text(info, part)],
            "areas": [_text(area, "areaDesc") for area in info.findall(f"{_CAP}area")],
            "parameters": [_parameter(one, _text(info, "language")[:2]) for one in info.findall(f"{_CAP}parameter")],
        }
        for info in root.findall(f"{_CAP}info")
    ]
    errors = [f for f in found.findings if f.severity == "error"]
    return Preview(made.decode(), [(n, v) for n, v in head if v], infos, not errors, tuple(errors))


def _shown(info: ET.Element, part: str) -> str:
    """A part of a message as its readers would be told it: times and codes in the language of the part."""
    text, lang = _text(info, part), _text(info, "language")[:2]
    if part in TIMES:
        return moment_text(datetime.fromisoformat(text), lang)
    return code_name(text, lang) if part in CODES else text


def _parameter(node: ET.Element, lang: str) -> tuple[str, str]:
    """One of our own parameters: its name, and its value as it is written."""
    name, value = _text(node, "valueName").removeprefix("khien:"), _text(node, "value")
    return name, percent(float(value), lang, 0) if name == "probability" else value


def _text(node: ET.Element, name: str) -> str:
    return (node.findtext(f"{_CAP}{name}") or "").strip()
