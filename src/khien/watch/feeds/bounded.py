"""Taking in a file from outside: never more bytes, deeper nesting or longer texts than was agreed."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any, Final

from khien.watch.observe.findings import WatchFindings

MB: Final = 10**6
LIMITS: Final = {"cap": 4 * MB, "rss": 16 * MB, "geojson": 64 * MB, "stix": 64 * MB, "kev": 16 * MB, "table": 64 * MB}
"""Most bytes that are read for each form, after unpacking; Parquet is bounded by its rows instead."""
DEEPEST: Final = 64
"""Deepest nesting of JSON that is read: STIX and GeoJSON stay below ten."""
CHUNK: Final = 2**16


def content(path: Path, limit: int, findings: WatchFindings) -> bytes | None:
    """All bytes of a file, unpacked if it is gzip; None, with a finding, when it cannot be had or is too large."""
    name = path.name
    try:
        if not path.exists() or path.is_dir():  # a pipe (/dev/stdin) is read like a file
            findings.note("file-missing", name, value=str(path))
            return None
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        findings.note("file-unreadable", name, value=name, reason=error.strerror or str(error))
        return None
    if len(data) > limit:
        findings.note("file-too-large", name, value=name, limit=limit / MB)
        return None
    if data[:2] == b"\x1f\x8b":
        return unpacked(data, limit, name, findings)
    if not data.strip():
        findings.note("file-empty", name, value=name)
        return None
    return data


def unpacked(data: bytes, limit: int, name: str, findings: WatchFindings) -> bytes | None:
    """The content of a gzip file; None, with a finding, when it is broken or would grow beyond the limit."""
    parts, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            while part := file.read(CHUNK):
                parts.append(part)
                size += len(part)
                if size > limit:
                    findings.note("file-too-large", name, value=name, limit=limit / MB)
                    return None
    except (OSError, EOFError, zlib.error) as error:
        findings.note("gzip", name, value=name, reason=str(error))
        return None
    return b"".join(parts)


def text_of(data: bytes, name: str, findings: WatchFindings) -> str | None:
    """Text that must be UTF-8; None, with the line of the first byte that is not."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:4096]:
        findings.note("encoding", name, 1, value="UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "binary")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.note("encoding", name, line, value=f"0x{data[error.start]:02x}")
        return None


def json_of(data: bytes, name: str, findings: WatchFindings) -> Any:
    """JSON, or None with a finding: broken, nested too deeply, or holding what is no JSON number (NaN, 1e999)."""
    text = text_of(data, name, findings)
    if text is None:
        return None
    if (deep := _too_deep(text)) is not None:
        findings.note("json-deep", name, deep, limit=DEEPEST)
        return None
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_whole, parse_float=_number)
    except json.JSONDecodeError as error:
        findings.note("json", name, error.lineno, reason=error.msg)
    except ValueError as error:
        findings.note("number", name, None, None, str(error))
    return None


def _too_deep(text: str) -> int | None:
    """The line on which the nesting gets too deep; None when it never does. Done before a recursive reader sees it."""
    depth, at, inside = 0, 0, False
    # Nesting can only be deep where there are many brackets: most texts are settled by counting.
    if text.count("[") + text.count("{") <= DEEPEST:
        return None
    while at < len(text):
        mark = text[at]
        if inside:
            close = text.find('"', at)
            if close < 0:
                return None
            slashes = close
            while text[slashes - 1] == "\\":
                slashes -= 1
            inside, at = (close - slashes) % 2 == 1, close + 1
            continue
        if mark == '"':
            inside = True
        elif mark in "[{":
            depth += 1
            if depth > DEEPEST:
                return text.count("\n", 0, at) + 1
        elif mark in "]}":
            depth -= 1
        at += 1
    return None


def _refuse(text: str) -> Any:
    raise ValueError(text)


def _whole(text: str) -> int:
    if len(text) > 20:
        raise ValueError(text[:40])
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")) or len(text) > 400:
        raise ValueError(text[:40])
    return value
