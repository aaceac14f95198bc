"""STIX 2.1 bundles and CISA's catalogue of known exploited vulnerabilities, as records of cyber threats."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any, Final

import polars as pl

from khien.watch.feeds.bounded import json_of
from khien.watch.feeds.cap_check import parsed_time
from khien.watch.feeds.hashing import content_hash
from khien.watch.feeds.reading import Reading, observed
from khien.watch.indicators import Indicators
from khien.watch.observe.schema import THREATS

STIX_ID: Final = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]--[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}")
UNDATED: Final = ("marking-definition", "language-content", "extension-definition")
"""Types of STIX that need not say when they were modified."""
OBSERVABLES: Final = frozenset((
    "artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr",
    "ipv6-addr", "mac-addr", "mutex", "network-traffic", "process", "software", "url", "user-account",
    "windows-registry-key", "x509-certificate",
))
"""Cyber-observable objects, which carry no times of their own."""
NEEDED: Final = {
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
    "sighting": ("sighting_of_ref",),
    "vulnerability": ("name",),
    "malware": ("is_family",),
}
LISTS: Final = ("labels", "indicator_types", "malware_types", "external_references")
WORLD: Final = "world"


def read_stix(data: bytes, name: str, source: str | None = None) -> Reading:
    """Read a bundle (or a single object) of STIX 2.1: one record for each version of an object.

    Every object is checked for its id, version, times and the properties that its type needs.

    Args:
        data: UTF-8 JSON, at most 64 MB.
        name: for findings.
        source: who publishes it; left out, the name of the file.
    """
    reading = Reading("stix", name)
    top = json_of(data, name, reading.findings)
    if top is None:
        return reading
    objects = [top] if isinstance(top, dict) and top.get("type") != "bundle" and "id" in top else None
    if isinstance(top, dict) and top.get("type") == "bundle":
        objects = top.get("objects", [])
    if not isinstance(objects, list):
        reading.findings.note("json-form", name, value=type(top).__name__, wanted="STIX 2.1")
        return reading
    sound = [o for number, o in enumerate(objects, 1) if _is_sound(o, number, reading)]
    newest = max((t for o in sound if (t := parsed_time(str(o.get("modified"))))), default=None)
    rows = [_threat(o, source or name, newest) for o in sound]
    reading.records["threats"] = pl.DataFrame(rows, schema=THREATS).unique(maintain_order=True)
    reading.counts = dict(Counter(str(o["type"]) for o in sound).most_common())
    return reading


def _is_sound(item: Any, number: int, reading: Reading) -> bool:
    """Whether an object is what STIX 2.1 says of its type; each way in which it is not is a finding."""
    troubles = _troubles(item) if isinstance(item, dict) else ["object"]
    shown = item.get("id") if isinstance(item, dict) else item
    for trouble in troubles:
        reading.findings.note("stix-id", reading.name, number, None, shown, reason=trouble)
    return not troubles


def _troubles(item: dict[str, Any]) -> list[str]:
    kind, name = item.get("type"), item.get("id")
    if not isinstance(kind, str) or not isinstance(name, str):
        return ["type, id"]
    if not STIX_ID.fullmatch(name) or name.rpartition("--")[0] != kind:
        return ["id"]
    found = []
    observable = kind in OBSERVABLES
    if item.get("spec_version", "2.1" if observable else None) != "2.1":
        found.append(f"spec_version {item.get('spec_version')}")
    created, modified = (_time(item.get(name)) for name in ("created", "modified"))
    if not observable and created is None:
        found.append("created")
    if not observable and kind not in UNDATED and modified is None:
        found.append("modified")
    if created is not None and modified is not None and modified < created:
        found.append("modified < created")
    confidence = item.get("confidence", 0)
    if not isinstance(confidence, int) or isinstance(confidence, bool) or not 0 <= confidence <= 100:
        found.append("confidence")
    found += [n for n in LISTS if not isinstance(item.get(n, []), list)]
    found += [n for n in NEEDED.get(kind, ()) if item.get(n) in (None, "")]
    found += [n for n in ("valid_from", "valid_until") if item.get(n) is not None and _time(item[n]) is None]
    return found


def _time(value: Any) -> datetime | None:
    """A STIX time, which ends in Z."""
    return parsed_time(value) if isinstance(value, str) and value.endswith("Z") else None


def _threat(item: dict[str, Any], source: str, newest: datetime | None) -> dict[str, Any]:
    created = _time(item.get("created"))
    external = [
        f"{r.get('source_name')}:{r.get('external_id')}"
        for r in item.get("external_references", [])
        if isinstance(r, dict) and r.get("external_id")
    ]
    labels = [str(x) for key in ("labels", "indicator_types", "malware_types") for x in item.get(key, [])]
    row = {
        "id": item["id"],
        "kind": item["type"],
        "created": created,
        "issued": _time(item.get("modified")) or created or newest or datetime(1970, 1, 1, tzinfo=UTC),
        "source": source,
        "name": item.get("name") or item.get("value") or item.get("key"),
        "description": item.get("description"),
        "labels": " ".join(labels) or None,
        "pattern": item.get("pattern"),
        "valid_from": _time(item.get("valid_from")),
        "valid_until": _time(item.get("valid_until")),
        "confidence": item.get("confidence"),
        "revoked": bool(item.get("revoked", False)),
        "from_ref": item.get("source_ref") or item.get("sighting_of_ref"),
        "to_ref": item.get("target_ref"),
        "relationship": item.get("relationship_type"),
        "external": " ".join(external) or None,
    }
    row = {k: v if v is None or isinstance(v, str | bool | int | datetime) else str(v) for k, v in row.items()}
    return row | {"sha256": content_hash({"all": json.dumps(item, sort_keys=True)})}


def read_kev(data: bytes, name: str, source: str | None = None) -> Reading:
    """Read CISA's catalogue: one record a vulnerability, and how many were added each day.

    Args:
        data: UTF-8 JSON of the form of CISA's schema, at most 16 MB.
        name: for findings.
        source: who publishes it; left out, "cisa-kev".
    """
    reading = Reading("kev", name)
    top = json_of(data, name, reading.findings)
    if top is None:
        return reading
    items = top.get("vulnerabilities") if isinstance(top, dict) else None
    released = parsed_time(str(top.get("dateReleased"))) if isinstance(top, dict) else None
    if not isinstance(items, list) or released is None:
        reading.findings.note("json-form", name, value=type(top).__name__, wanted="CISA KEV")
        return reading
    if top.get("count") != len(items):
        reading.findings.note("json-form", name, None, "count", f"{top.get('count')} ≠ {len(items)}", wanted="CISA KEV")
    rows = [row for n, item in enumerate(items, 1) if (row := _vulnerability(item, n, released, reading))]
    for twice, count in Counter(row["id"] for row in rows).items():
        if count > 1:
            reading.findings.note("kev-id", name, None, "cveID", twice)
    source = source or "cisa-kev"
    reading.records["threats"] = pl.DataFrame([row | {"source": source} for row in rows], schema=THREATS)
    reading.counts = {"vulnerabilities": len(rows)}
    _count_days(reading, rows, released, source)
    return reading


def _vulnerability(item: Any, number: int, released: datetime, reading: Reading) -> dict[str, Any] | None:
    cve = item.get("cveID") if isinstance(item, dict) else None
    if not isinstance(cve, str) or not CVE.fullmatch(cve):
        reading.findings.note("kev-id", reading.name, number, "cveID", cve)
        return None
    days: dict[str, datetime] = {}
    for column in ("dateAdded", "dueDate"):
        try:
            day = date.fromisoformat(str(item.get(column)))
            days[column] = datetime(day.year, day.month, day.day, tzinfo=UTC)
        except ValueError:
            reading.findings.note("time", reading.name, number, column, item.get(column))
            return None
    row = {
        "id": cve,
        "kind": "known-exploited-vulnerability",
        "created": days["dateAdded"],
        "issued": released,
        "name": item.get("vulnerabilityName"),
        "description": item.get("shortDescription"),
        "labels": "ransomware" if item.get("knownRansomwareCampaignUse") == "Known" else None,
        "valid_from": days["dateAdded"],
        "due": days["dueDate"],
        "revoked": False,
        "external": f"{item.get('vendorProject')}: {item.get('product')}",
    }
    return row | {"sha256": content_hash({"all": json.dumps(item, sort_keys=True)})}


def _count_days(reading: Reading, rows: list[dict[str, Any]], released: datetime, source: str) -> None:
    """Observations: vulnerabilities added a day, and those of them that ransomware uses."""
    counted = {
        "kev-added": Counter(row["created"] for row in rows),
        "kev-ransomware": Counter(row["created"] for row in rows if row["labels"]),
    }
    same = {"place": WORLD, "issued": released, "unit": "vulnerabilities", "source": source, "row": 1}
    reading.observations = observed(
        [
            {"indicator": name, "valid": day, "value": float(count), **same}
            for name, days in counted.items()
            for day, count in sorted(days.items())
        ]
    )
    reading.lie_in = frozenset((WORLD,))
    names = {
        "kev-added": ("Lỗ hổng đang bị khai thác, mới thêm trong ngày", "Known exploited vulnerabilities added"),
        "kev-ransomware": ("Trong đó được mã độc tống tiền dùng", "Of them used by ransomware"),
    }
    told = {"unit": "vulnerabilities", "frequency": "day", "place_level": "country", "feed": "CISA KEV", "owner": "-"}
    reading.indicators = Indicators.from_rows(
        {"id": key, "name_vi": vi, "name_en": en, **told} for key, (vi, en) in names.items() if counted[key]
    )
