"""Official messages as CAP 1.2: both languages in one message, areas by code and shape, references, exercises marked.

A message is made from the journal alone, so that it is the same bytes whenever it is asked for. See
docs/methods/warnings.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from xml.etree import ElementTree as ET

from khien.watch.levels.clocks import VIET_NAM
from khien.watch.levels.tables import HAZARDS, hazard, level_facts
from khien.watch.warn.content import Content, provinces
from khien.watch.warn.states import Desk, Message, Record
from khien.watch.warn.threats import rules
from khien.words import t

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
LANGUAGES: Final = (("vi", "vi-VN"), ("en", "en-US"))
IMMEDIATE, EXPECTED = timedelta(hours=1), timedelta(hours=24)
"""Before onset: urgency is Immediate up to the first, Expected up to the second, else Future."""

Shapes = Mapping[str, Sequence[Sequence[tuple[float, float]]]]
"""Code of a province to its outer rings, each a closed list of (latitude, longitude)."""


def identifier(record: Record, message: Message) -> str:
    """Id of one message: that of the warning and the message's number within it."""
    return f"{record.id}-{message.number}"


def cap_message(desk: Desk, record: Record, message: Message, shapes: Shapes | None = None) -> bytes:
    """One message as CAP 1.2, UTF-8.

    Args:
        shapes: outlines of provinces; without them areas carry their official codes alone.

    Returns:
        XML that is valid against the schema of the standard.
    """
    root = ET.Element("alert", xmlns=NAMESPACE)
    head = [
        ("identifier", identifier(record, message)),
        ("sender", desk.sender),
        ("sent", _time(message.at)),
        ("status", "Exercise" if record.exercise else "Actual"),
        ("msgType", "Cancel" if message.kind == "Cancel" else "Alert" if message.kind == "Alert" else "Update"),
        ("scope", "Public"),
    ]
    if record.exercise:
        head.append(("note", t("warn_exercise_note", "vi") + " / " + t("warn_exercise_note", "en")))
    elif message.kind == "Cancel":
        head.append(("note", message.reason))
    if earlier := record.messages[: message.number - 1]:
        head.append(("references", " ".join(_reference(desk, record, before) for before in earlier)))
    _add(root, head)
    for lang, code in LANGUAGES:
        root.append(_info(desk, record, message, lang, code, shapes))
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _info(
    desk: Desk, record: Record, message: Message, lang: str, code: str, shapes: Shapes | None
) -> ET.Element:
    content = message.content
    info = ET.Element("info")
    over = message.kind in ("Cancel", "AllClear")
    parts = [
        ("language", code),
        ("category", str(rules()["category"].get(content.hazard, "Other"))),
        ("event", _event(content, lang)),
        ("responseType", "AllClear" if over else str(rules()["response"][str(content.level)])),
        ("urgency", "Past" if over else urgency(content, message.at)),
        ("severity", "Unknown" if over else str(rules()["severity"][str(content.level)])),
        ("certainty", "Unknown" if over else certainty(content, message.at)),
    ]
    _add(info, parts)
    _value(info, "eventCode", "khien:hazard", content.hazard)
    _add(info, _times(message))
    headline = content.text("headline", lang)
    if over:
        key = "warn_cancelled" if message.kind == "Cancel" else "warn_all_clear"
        headline = t(key, lang, headline=headline)
    name = desk.name_vi if lang == "vi" else desk.name_en
    _add(info, [("senderName", name), ("headline", headline[:160]), ("description", _description(message, lang))])
    if content.text("instruction", lang) and not over:
        _add(info, [("instruction", content.text("instruction", lang))])
    for key, value in _parameters(content, lang):
        _value(info, "parameter", key, value)
    for area in content.areas:
        info.append(_area(area, lang, shapes))
    return info


def urgency(content: Content, sent: datetime) -> str:
    """CAP urgency from the time between sending and onset."""
    ahead = content.onset - sent
    return "Immediate" if ahead <= IMMEDIATE else "Expected" if ahead <= EXPECTED else "Future"


def certainty(content: Content, sent: datetime) -> str:
    """CAP certainty: observed when it began and nobody forecast it, else by probability; Unknown without one."""
    if content.probability is None:
        return "Observed" if content.onset <= sent else "Unknown"
    return "Likely" if content.probability > 0.5 else "Possible" if content.probability >= 0.05 else "Unlikely"


def area_name(code: str, lang: str) -> str:
    """Name of a province; in English without marks."""
    name = provinces()[code]
    if lang == "vi":
        return name
    bare = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(c for c in bare if not unicodedata.combining(c))
    return plain.removeprefix("TP ") + " City" if plain.startswith("TP ") else plain


def _event(content: Content, lang: str) -> str:
    mark = t("warn_exercise_mark", lang) + " " if content.exercise else ""
    if content.hazard not in HAZARDS:
        return mark + t("warn_event_other", lang, name=content.event(lang), level=content.level)
    words = level_facts(content.level)[lang]
    return mark + t("warn_event", lang, name=content.event(lang), level=content.level, words=words)


def _times(message: Message) -> Iterator[tuple[str, str]]:
    content = message.content
    yield "effective", _time(message.at)
    if message.kind in ("Alert", "Update"):
        yield "onset", _time(content.onset)
        yield "expires", _time(content.expires)
    else:
        yield "expires", _time(max(content.expires, message.at))


def _description(message: Message, lang: str) -> str:
    text = message.content.text("description", lang)
    if message.kind in ("Cancel", "AllClear"):
        return t("warn_because", lang, reason=message.reason) + ("\n" + text if text else "")
    return text or message.content.text("headline", lang)


def _parameters(content: Content, lang: str) -> Iterator[tuple[str, str]]:
    yield "khien:level", str(content.level)
    if content.hazard in HAZARDS:
        facts = level_facts(content.level)
        yield "khien:levelName", facts[lang]
        yield "khien:colour", facts[f"colour_{lang}"]
        yield "khien:article", t("warn_article", lang, article=hazard(content.hazard).article)
    if content.probability is not None:
        yield "khien:probability", f"{content.probability:.4g}"


def _area(code: str, lang: str, shapes: Shapes | None) -> ET.Element:
    area = ET.Element("area")
    _add(area, [("areaDesc", area_name(code, lang))])
    rings = () if shapes is None else shapes.get(code, ())
    _add(area, (("polygon", " ".join(f"{lat:.4f},{lon:.4f}" for lat, lon in ring)) for ring in rings))
    _value(area, "geocode", "VN-PROVINCE", code)
    return area


def _reference(desk: Desk, record: Record, message: Message) -> str:
    return f"{desk.sender},{identifier(record, message)},{_time(message.at)}"


def _value(parent: ET.Element, name: str, key: str, value: str) -> None:
    made = ET.SubElement(parent, name)
    _add(made, [("valueName", key), ("value", value)])


def _add(parent: ET.Element, parts: Any) -> None:
    for name, text in parts:
        ET.SubElement(parent, name).text = text


def _time(moment: datetime) -> str:
    """As CAP wants it: local time with its offset, never "Z"."""
    return moment.astimezone(VIET_NAM).isoformat(timespec="seconds")
