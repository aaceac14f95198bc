"""Checking a CAP message: first the rules of its schema, then what a schema cannot say."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from khien.watch.feeds.cap_rules import INSTANCE, MANY, SIGNATURE, VERSIONS, Rule
from khien.watch.feeds.xml_in import Node
from khien.watch.observe.findings import WatchFindings

TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([-+])(\d\d):(\d\d)")
LOOSE_TIME: Final = re.compile(r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[-+]\d\d:\d\d)?")
LANGUAGE: Final = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
INTEGER: Final = re.compile(r"[-+]?\d+")
DECIMAL: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)")
BLANKS: Final = re.compile(r"[ \t\r\n]+")
ODD_IDENTIFIER: Final = re.compile(r"[\s,<&]")
NEEDS_REFERENCES: Final = ("Update", "Cancel", "Ack", "Error")
MUST_SAY: Final = ("identifier", "sender", "event")
CLOSE: Final = 1e-9


def schema_findings(root: Node, file: str, findings: WatchFindings) -> str | None:
    """Everything by which a message breaks the schema of its version; the version, or None when there is none.

    For 1.2 the verdict is that of the published schema. Each finding names the element and its line.
    """
    version = VERSIONS.get(root.ns)
    if root.name != "alert" or version is None:
        findings.note("cap-root", file, root.line, root.name, root.ns or "-", known=", ".join(VERSIONS))
        return None
    _attributes(root, file, findings)
    _children(root, version[1], root.ns, file, findings, version[0] == "1.2")
    return version[0]


def _children(
    node: Node, rules: Sequence[Rule], ns: str, file: str, findings: WatchFindings, strict: bool
) -> None:
    """Children in their order and number. One that stands in the wrong place is told there, and not missed besides."""
    if any(part.strip(" \t\r\n") for part in node.parts):
        findings.note("cap-text", file, node.line, node.name, node.words)
    names = {rule.name for rule in rules}
    missing: dict[str, int] = {}
    misplaced: set[str] = set()
    at, seen = 0, 0
    for child in node.children:
        place = next((i for i in range(at, len(rules)) if rules[i].name == child.name), None)
        if child.ns == SIGNATURE and node.name == "alert":
            missing |= {r.name: child.line for r in _after(rules, at, seen) if r.least}
            at, seen = len(rules), 0
            continue
        if child.ns != ns or place is None:
            code = "cap-order" if child.ns == ns and child.name in names else "cap-unknown"
            expected = ", ".join(rule.name for rule in _after(rules, at, seen)[:6]) or "-"
            findings.note(code, file, child.line, child.name, child.name, parent=node.name, expected=expected)
            misplaced.add(child.name)
            continue
        if place != at:
            skipped = rules[at + (seen > 0) : place]
            missing |= {rule.name: child.line for rule in skipped if rule.least}
            at, seen = place, 0
        seen += 1
        if seen > rules[at].most:
            findings.note("cap-repeated", file, child.line, child.name, None, parent=node.name)
        _content(child, rules[at], ns, file, findings, strict)
    missing |= {rule.name: node.line for rule in rules[at + (seen > 0) :] if rule.least}
    for name, line in missing.items():
        if name not in misplaced:
            findings.note("cap-missing", file, line, name, None, parent=node.name)


def _after(rules: Sequence[Rule], at: int, seen: int) -> list[Rule]:
    """Rules whose elements may still come, without the present one when it was there."""
    if at < len(rules) and seen:
        return [*([rules[at]] if rules[at].most == MANY and rules[at].least == 0 else []), *rules[at + 1 :]]
    return list(rules[at:])


def _content(node: Node, rule: Rule, ns: str, file: str, findings: WatchFindings, strict: bool) -> None:
    _attributes(node, file, findings)
    if rule.inside:
        _children(node, rule.inside, ns, file, findings, strict)
        return
    for child in node.children:
        findings.note("cap-unknown", file, child.line, child.name, child.name, parent=node.name, expected="-")
    if rule.kind == "text":
        return
    text = BLANKS.sub(" ", node.text).strip(" ")
    match rule.kind:
        case "choice":
            said = node.text if strict else node.words
            if said not in rule.choices:
                findings.note("cap-value", file, node.line, node.name, node.text, choices=", ".join(rule.choices))
        case "time":
            if not _is_time(text, strict):
                findings.note("cap-time", file, node.line, node.name, node.text)
        case "language":
            if node.text and not LANGUAGE.fullmatch(text):  # an empty one stands for the default
                findings.note("cap-value", file, node.line, node.name, node.text, choices="vi, en-US, …")
        case "integer" | "decimal":
            if not (INTEGER if rule.kind == "integer" else DECIMAL).fullmatch(text):
                findings.note("cap-number", file, node.line, node.name, node.text)
        case "uri":
            if not _is_uri(text):
                findings.note("cap-value", file, node.line, node.name, node.text, choices="https://…")
        case _:
            pass


def _is_uri(text: str) -> bool:
    """Whether a text may be an address or a part of one; letters beyond ASCII and a few marks are let through."""
    rest, _, fragment = text.partition("#")
    if "#" in fragment or re.search(r"%(?![0-9a-fA-F]{2})", text):
        return False
    first = re.match(r"([^/?:]*):", rest)
    if first and not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.\-]*", first[1]):
        return False
    rest = rest[first.end() :] if first else rest
    if rest.startswith("//"):
        host = re.split(r"[/?]", rest[2:], maxsplit=1)[0].rpartition("@")[2]
        return re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?", host) is not None
    return True


def _attributes(node: Node, file: str, findings: WatchFindings) -> None:
    """CAP has no attributes; those that point to a schema are let through."""
    for name in node.attributes:
        if not name.startswith("{" + INSTANCE + "}") or name.endswith(("}type", "}nil")):
            findings.note("cap-attribute", file, node.line, node.name, name.rpartition("}")[2])


def _is_time(text: str, strict: bool) -> bool:
    return (TIME.fullmatch(text) is not None or not strict) and parsed_time(text) is not None


def parsed_time(text: str | None) -> datetime | None:
    """A CAP time in UTC; None when it is no time. A time without zone, as 1.0 allows, counts as UTC."""
    if text is None or not LOOSE_TIME.fullmatch(text):
        return None
    zone = re.search(r"([-+])(\d\d):(\d\d)$", text)
    if zone and ((int(zone[2]), int(zone[3])) > (14, 0) or int(zone[3]) > 59):
        return None
    # The end of a day may be written as its 24th hour.
    ends = "T24:00:00" in text
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text.replace("T24:00:00", "T00:00:00"))
    try:
        found = datetime.fromisoformat(plain) + timedelta(days=ends)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def meaning_findings(root: Node, file: str, findings: WatchFindings) -> None:
    """What the specification demands beyond its schema: no empty names, closed polygons, sound references."""
    for node in _walk(root):
        if node.name in MUST_SAY and not node.words and node.ns == root.ns:
            findings.note("cap-empty", file, node.line, node.name)
        elif node.name == "polygon" and (why := _polygon_trouble(node.words)):
            findings.note("cap-polygon", file, node.line, node.name, node.words, reason=why)
        elif node.name == "circle" and not _circle(node.words):
            findings.note("cap-circle", file, node.line, node.name, node.words)
    identifier = root.first("identifier")
    if identifier is not None and ODD_IDENTIFIER.search(identifier.words):
        findings.note("cap-value", file, identifier.line, "identifier", identifier.words, choices="a-z 0-9 . - _ :")
    _references(root, file, findings)
    sent = parsed_time(root.said("sent"))
    for info in root.all("info"):
        expires = info.first("expires")
        over = None if expires is None else parsed_time(expires.words)
        begins = [t for t in (parsed_time(info.said(n)) for n in ("onset", "effective")) if t is not None]
        first = min(begins, default=sent)
        if expires is not None and over is not None and first is not None and over < first:
            findings.note("cap-expired", file, expires.line, "expires", expires.words, begins=first.isoformat())


def _references(root: Node, file: str, findings: WatchFindings) -> None:
    node, kind = root.first("references"), root.said("msgType")
    needed = kind in NEEDS_REFERENCES
    if node is None or not node.words:
        if needed:
            findings.note("cap-references", file, (node or root).line, "references", "", kind=kind)
        elif node is not None:
            findings.note("cap-blank", file, node.line, "references")
        return
    for part in node.words.split():
        if reference(part) is None:
            code = "cap-references" if needed else "cap-reference"
            findings.note(code, file, node.line, "references", part, kind=kind)


def reference(text: str) -> tuple[str, str, datetime] | None:
    """Sender, identifier and time of a message that another refers to; None when the three are not there."""
    parts = text.rsplit(",", 2)
    if len(parts) != 3 or not all(parts):
        return None
    when = parsed_time(parts[2])
    return None if when is None else (parts[0], parts[1], when)


def points(text: str) -> list[tuple[float, float]] | None:
    """Pairs of latitude and longitude; None when one of them is none."""
    found = []
    for pair in text.split():
        parts = pair.split(",")
        try:
            lat, lon = (float(part) for part in parts)
        except ValueError:
            return None
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            return None
        found.append((lat, lon))
    return found


def _polygon_trouble(text: str) -> str | None:
    pairs = points(text)
    if pairs is None:
        return "watch_why_points"
    if len(pairs) < 4:
        return "watch_why_few_points"
    gap = math.dist(pairs[0], pairs[-1])
    return "watch_why_open" if gap > CLOSE else None


def _circle(text: str) -> bool:
    """Whether a text is `lat,lon radius` with the radius in kilometres."""
    centre, _, radius = text.partition(" ")
    pairs = points(centre)
    try:
        return pairs is not None and len(pairs) == 1 and 0 <= float(radius) <= 20_100
    except ValueError:
        return False


def _walk(node: Node) -> list[Node]:
    found = [node]
    for child in node.children:
        if child.ns != SIGNATURE:
            found += _walk(child)
    return found
