"""The Atom feed of official warnings, one entry a warning, newest first, each with its latest CAP message beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from khien.watch.warn.cap import Shapes, area_name, cap_message, identifier
from khien.watch.warn.states import Desk, Message, Record
from khien.words import t

ATOM: Final = "http://www.w3.org/2005/Atom"
FEED: Final = "feed.xml"


def atom_feed(desk: Desk, now: datetime) -> bytes:
    """The feed as Atom (RFC 4287), UTF-8: what is official and holds, and what was cancelled or stood down while its
    time had not run out. Links are relative to the feed; drills say so in title and category."""
    shown = list(_shown(desk, now))
    root = ET.Element("feed", xmlns=ATOM)
    _text(root, "id", f"tag:{_host(desk.sender)},2026:khien:warnings")
    names = {"vi": desk.name_vi, "en": desk.name_en}
    _text(root, "title", " / ".join(t("warn_feed_title", lang, name=name) for lang, name in names.items()))
    _text(root, "updated", _utc(max((message.at for _, message in shown), default=now)))
    ET.SubElement(root, "link", rel="self", href=FEED)
    author = ET.SubElement(root, "author")
    _text(author, "name", desk.name_vi)
    for record, message in shown:
        root.append(_entry(desk, record, message))
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def write_feed(
    desk: Desk,
    folder: Path,
    now: datetime | None = None,
    shapes: Shapes | None = None,
    signed: Callable[[bytes], bytes] | None = None,
) -> list[Path]:
    """Write the feed and every CAP message that it, or a reference in it, names. Each file appears whole or not at all.

    Args:
        signed: signs a message before it is written.

    Returns:
        The files, the feed last: whoever reads it finds all that it names.
    """
    from khien.programme.writing import write_file

    moment = datetime.now(UTC) if now is None else now
    texts = {}
    for record, _ in _shown(desk, moment):
        for message in record.messages:
            made = cap_message(desk, record, message, shapes)
            texts[folder / file_name(record, message)] = made if signed is None else signed(made)
    texts[folder / FEED] = atom_feed(desk, moment)
    for path, text in texts.items():
        write_file(path, lambda place, text=text: _put(place, text))  # type: ignore[misc]
    return list(texts)


def file_name(record: Record, message: Message) -> str:
    """Name of a CAP file beside the feed."""
    return f"{identifier(record, message)}.cap.xml"


def _put(place: Path, text: bytes) -> None:
    place.write_bytes(text)


def _shown(desk: Desk, now: datetime) -> Iterator[tuple[Record, Message]]:
    held = [r for r in desk.warnings.values() if r.messages and now < r.content.expires]
    for record in sorted(held, key=lambda r: r.messages[-1].at, reverse=True):
        yield record, record.messages[-1]


def _entry(desk: Desk, record: Record, message: Message) -> ET.Element:
    entry = ET.Element("entry")
    _text(entry, "id", f"tag:{_host(desk.sender)},2026:khien:{record.id}")
    _text(entry, "title", f"{_title(message, 'vi')} / {_title(message, 'en')}")
    _text(entry, "updated", _utc(message.at))
    _text(entry, "published", _utc(record.messages[0].at))
    ET.SubElement(entry, "category", term="Exercise" if record.exercise else "Actual", label="status")
    ET.SubElement(entry, "category", term=message.kind, label="msgType")
    ET.SubElement(entry, "category", term=str(message.content.level), label="level")
    link = {"rel": "alternate", "type": "application/cap+xml", "href": file_name(record, message)}
    ET.SubElement(entry, "link", link)
    _text(entry, "summary", "\n".join(_summary(message, lang) for lang in ("vi", "en")))
    return entry


def _title(message: Message, lang: str) -> str:
    headline = message.content.text("headline", lang)
    if message.kind == "Cancel":
        return t("warn_cancelled", lang, headline=headline)
    return t("warn_all_clear", lang, headline=headline) if message.kind == "AllClear" else headline


def _summary(message: Message, lang: str) -> str:
    areas = ", ".join(area_name(code, lang) for code in message.content.areas)
    text = message.content.text("description", lang)
    return f"{areas}. {text}".strip()


def _host(sender: str) -> str:
    """The part of a sender that can stand in a tag: URI."""
    return "".join(c if c.isalnum() or c in ".-" else "-" for c in sender.rpartition("@")[2])


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
