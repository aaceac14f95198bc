"""CAP messages (1.0, 1.1, 1.2) as records, and as the severity of what is warned of at places that are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import polars as pl

from khien.watch.feeds.bounded import LIMITS
from khien.watch.feeds.cap_check import meaning_findings, parsed_time, points, schema_findings
from khien.watch.feeds.cap_rules import SIGNATURE
from khien.watch.feeds.hashing import content_hash
from khien.watch.feeds.reading import Reading, observed
from khien.watch.feeds.signature import UNCHECKED, SignatureWrong, Trust, signed_part
from khien.watch.feeds.xml_in import Node, parse
from khien.watch.indicators import Indicators
from khien.watch.observe.findings import WatchFindings
from khien.watch.observe.schema import ALERTS
from khien.watch.places import candidates

SEVERITIES: Final = {"Unknown": 0, "Minor": 1, "Moderate": 2, "Severe": 3, "Extreme": 4}
CATEGORIES: Final = {
    "Geo": "địa chất",
    "Met": "khí tượng thủy văn",
    "Safety": "an toàn công cộng",
    "Security": "an ninh",
    "Rescue": "cứu nạn",
    "Fire": "cháy",
    "Health": "y tế",
    "Env": "môi trường",
    "Transport": "giao thông",
    "Infra": "hạ tầng",
    "CBRNE": "hóa học, sinh học, phóng xạ, hạt nhân, nổ",
    "Other": "khác",
}
UNIT: Final = "0-4"
LISTED: Final = re.compile(r"[,;/\n]|\s+(?:và|and)\s+")
PLACE_CODES: Final = ("vn-province", "gso", "vn-gso", "place")
"""Names of geocodes whose value is an id of the table `places`, in small letters."""

PlaceOf = Callable[[str, datetime | None], str | None]


def read_cap(
    data: bytes,
    name: str,
    source: str | None = None,
    place_of: PlaceOf | None = None,
    limit: int = LIMITS["cap"],
    trust: Trust | None = None,
) -> Reading:
    """Read one CAP message.

    Args:
        data: the file; entities and document types are refused, and more than 4 MB.
        name: for findings.
        source: who it was got from; left out, its sender.
        limit: most bytes.
        place_of: gives the id of a place by its name and the day, or None; left out, the provinces of Viet Nam.
        trust: whose signature the message must bear; left out, a signature is noted and not checked.
    """
    reading = Reading("cap", name)
    found = reading.findings
    if len(data) > limit:
        found.note("file-too-large", name, value=name, limit=limit / 10**6)
        return reading
    root = parse(data, name, found)
    if root is None:
        return reading
    version = schema_findings(root, name, found)
    if version is not None:
        meaning_findings(root, name, found)
    if found.errors or version is None:
        return reading
    signature = UNCHECKED if any(child.ns == SIGNATURE for child in root.children) else None
    if trust is not None:
        found_root, signature = _signed(data, root, name, trust, found)
        if found_root is None:
            return reading
        root = found_root
    rows = alert_rows(root, version, source, signature)
    reading.records["alerts"] = pl.DataFrame(rows, schema=ALERTS)
    reading.counts = {"infos": sum(1 for _ in root.all("info"))}
    _observe(reading, rows, place_of or province_of)
    return reading


def _signed(
    data: bytes, root: Node, name: str, trust: Trust, findings: WatchFindings
) -> tuple[Node | None, str | None]:
    """What of a message was signed by who is trusted, and by which key; None, with a finding, when nothing was."""
    signature = next((child for child in root.children if child.ns == SIGNATURE), None)
    if signature is None:
        findings.note("signature-missing", name, root.line)
        return None, None
    try:
        covered, key = signed_part(data, trust)
    except SignatureWrong as wrong:
        findings.note("signature-bad", name, signature.line, "Signature", reason=str(wrong))
        return None, None
    return parse(covered, name, findings), key


def alert_rows(root: Node, version: str, source: str | None, signature: str | None = None) -> list[dict[str, Any]]:
    """One row for each `info` of a message, or one without when it has none.

    The hash is that of what the message says, so that one that was packed anew or signed by a hub is still the same.
    """
    plain = ("identifier", "sender", "status", "msgType", "scope", "references", "incidents")
    head: dict[str, Any] = {name: root.said(name) for name in plain}
    head |= {
        "sent": parsed_time(root.said("sent")),
        "source": source or head["sender"],
        "version": version,
        "signed": signature is not None,
        "signature": signature,
    }
    rows = [head | _info(info, i) for i, info in enumerate(root.all("info"))] or [head]
    told = [{k: v for k, v in row.items() if k not in ("source", "version", "signed", "signature")} for row in rows]
    sha256 = content_hash({"rows": told})
    return [row | {"sha256": sha256} for row in rows]


def _info(node: Node, number: int) -> dict[str, Any]:
    plain = ("event", "severity", "urgency", "certainty", "senderName", "headline", "description", "instruction", "web")
    row: dict[str, Any] = {name: node.said(name) for name in plain}
    row |= {name: parsed_time(node.said(name)) for name in ("effective", "onset", "expires")}
    areas = [_area(area) for area in node.all("area")]
    resources = [
        {"desc": r.said("resourceDesc"), "mime": r.said("mimeType"), "size": r.said("size"), "uri": r.said("uri")}
        for r in node.all("resource")
    ]
    return row | {
        "info": number,
        "language": node.said("language") or "en-US",
        "category": " ".join(c.words for c in node.all("category")) or None,
        "responseType": " ".join(c.words for c in node.all("responseType")) or None,
        "area": "; ".join(a["desc"] for a in areas if a["desc"]) or None,
        "areas": _json(areas),
        "parameters": _json(_pairs(node, "parameter")),
        "event_codes": _json(_pairs(node, "eventCode")),
        "resources": _json(resources),
    }


def _area(node: Node) -> dict[str, Any]:
    """An area; shapes that are not on Earth are left out, and an open polygon is closed."""
    polygons = [points(p.words) for p in node.all("polygon")]
    closed = [p if p[0] == p[-1] else [*p, p[0]] for p in polygons if p and len(p) >= 3]
    circles = []
    for circle in node.all("circle"):
        centre, _, radius = circle.words.partition(" ")
        if pairs := points(centre):
            circles.append([*pairs[0], float(radius or 0)])
    return {
        "desc": node.said("areaDesc"),
        "polygons": closed,
        "circles": circles,
        "geocodes": _pairs(node, "geocode"),
        "altitude": node.said("altitude"),
        "ceiling": node.said("ceiling"),
    }


def _pairs(node: Node, name: str) -> list[list[str | None]]:
    """Names and values; CAP 1.0 writes them as one text with an equals sign."""
    found: list[list[str | None]] = []
    for child in node.all(name):
        if child.children:
            found.append([child.said("valueName"), child.said("value")])
        else:
            left, _, right = child.words.partition("=")
            found.append([left, right or None])
    return found


def _json(value: list[Any]) -> str | None:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else None


def province_of(name: str, on: datetime | None) -> str | None:
    """The province that a name means on a day; None when there is none or it is not clear."""
    found = candidates(name, None if on is None else on.date())
    return found[0] if len(found) == 1 else None


def places_in(row: dict[str, Any], place_of: PlaceOf) -> list[str]:
    """The known places that a row of alerts is about: by geocode, else by the names that its areas list."""
    found: dict[str, None] = {}
    for area in json.loads(row.get("areas") or "[]"):
        ids = [value for name, value in area["geocodes"] if value and str(name).lower() in PLACE_CODES]
        names: Iterable[str] = ids or [part.strip() for part in LISTED.split(area["desc"] or "")]
        for name in names:
            if name and (place := place_of(name, row["sent"])):
                found[place] = None
    return list(found)


def _observe(reading: Reading, rows: list[dict[str, Any]], place_of: PlaceOf) -> None:
    """The highest severity at each known place, by category of event; exercises and tests are no observations."""
    worst: dict[tuple[str, str, datetime], int] = {}
    first = rows[0]
    if first["status"] != "Actual" or first["msgType"] not in ("Alert", "Update"):
        return
    for row in rows:
        valid = min(row.get("onset") or row.get("effective") or row["sent"], row["sent"])
        for place in places_in(row, place_of):
            for category in (row.get("category") or "Other").split():
                key = (f"cap-{category.lower()}", place, valid)
                worst[key] = max(worst.get(key, 0), SEVERITIES.get(row.get("severity") or "", 0))
    if not worst:
        return
    same = {"issued": first["sent"], "unit": UNIT, "source": first["source"], "row": 1}
    made = [{"indicator": i, "place": p, "valid": v, "value": float(s), **same} for (i, p, v), s in worst.items()]
    reading.observations = observed(made)
    reading.lie_in = frozenset(reading.observations["place"])
    names = {key[0] for key in worst}
    reading.indicators = Indicators.from_rows(_indicator(c) for c in CATEGORIES if f"cap-{c.lower()}" in names)


def _indicator(category: str) -> dict[str, Any]:
    return {
        "id": f"cap-{category.lower()}",
        "name_vi": f"Mức nghiêm trọng của cảnh báo CAP, nhóm {CATEGORIES[category]}",
        "name_en": f"Severity of CAP alerts, category {category}",
        "unit": UNIT,
        "frequency": "hour",
        "place_level": "province",
        "feed": "CAP",
        "owner": "-",
    }
