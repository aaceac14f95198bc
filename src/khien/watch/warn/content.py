"""What a warning says: hazard, level, areas, times, texts in both languages; checked before anything is recorded."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from khien.watch.levels.tables import rows
from khien.watch.warn.findings import WarnError, WarnFinding
from khien.watch.warn.threats import known_threats, threat_name

HAZARD: Final = re.compile(r"[a-z][a-z0-9-]{1,40}")
LONGEST: Final = {"headline": 160, "description": 4000, "instruction": 4000, "event": 120}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
NOT_A_PERSON: Final = {"khien", "khiên", "system", "hệ thống", "auto", "automatic", "tự động", "bot", "program", "none"}
"""Names behind which nobody stands."""


@dataclass(frozen=True)
class Content:
    """The text and data of one version of a warning.

    Attributes:
        hazard: id of the hazard or threat (those of `khien level list`, or of the programme's threats).
        level: 1 to 5.
        areas: codes of the provinces (two digits), sorted.
        onset, expires: from when to when it holds (UTC).
        probability: chance that the level is reached, 0 to 1; None: not forecast but observed or reported.
        exercise: a drill; cannot be changed later.
        event_vi, event_en: name of what is warned of; must be there in both languages if `hazard` is no known id.
        headline_vi and the rest: the texts; headlines must be there in both languages, the rest may be empty.
    """

    hazard: str
    level: int
    areas: tuple[str, ...]
    onset: datetime
    expires: datetime
    headline_vi: str
    headline_en: str
    description_vi: str = ""
    description_en: str = ""
    instruction_vi: str = ""
    instruction_en: str = ""
    probability: float | None = None
    exercise: bool = False
    event_vi: str = ""
    event_en: str = ""

    def event(self, lang: str) -> str:
        """Name of what is warned of: the office's own, or the known one."""
        own = self.event_vi if lang == "vi" else self.event_en
        return own or threat_name(self.hazard, lang) or self.hazard

    def text(self, what: str, lang: str) -> str:
        """One of the texts; those of an exercise say so in front."""
        found: str = getattr(self, f"{what}_{lang}")
        mark = {"vi": "[DIỄN TẬP] ", "en": "[EXERCISE] "}[lang]
        return mark + found if self.exercise and found else found

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the journal keeps them."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        told |= {"areas": list(self.areas), "onset": self.onset.isoformat(), "expires": self.expires.isoformat()}
        return told

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Content:
        """Content as the journal keeps it."""
        times = {name: datetime.fromisoformat(told[name]) for name in ("onset", "expires")}
        return cls(**{**told, **times, "areas": tuple(told["areas"])})


def check(content: Content, now: datetime) -> Content:
    """The content in its kept form (sorted areas, UTC, composed letters), or WarnError with everything wrong."""
    found: list[WarnFinding] = []

    def wrong(code: str, column: str, value: object, **more: Any) -> None:
        found.append(WarnFinding(code, "warning", column, str(value)[:80], fields=more))

    if not HAZARD.fullmatch(content.hazard):
        wrong("not-a-hazard", "hazard", content.hazard)
    elif content.hazard not in known_threats() and not (content.event_vi.strip() and content.event_en.strip()):
        near = difflib.get_close_matches(content.hazard, known_threats(), n=1)
        wrong("threat-without-name", "hazard", content.hazard, guess=near[0] if near else None)
    if isinstance(content.level, bool) or content.level not in range(1, 6):
        wrong("not-a-level", "level", content.level)
    known = provinces()
    if not content.areas:
        wrong("no-area", "areas", "")
    for area in content.areas:
        if area not in known:
            wrong("not-an-area", "areas", area)
    _check_times(content, now, wrong)
    if content.probability is not None and not 0 <= content.probability <= 1:
        wrong("not-a-probability", "probability", content.probability)
    texts = {}
    for what, longest in LONGEST.items():
        for lang in ("vi", "en"):
            name = f"{what}_{lang}"
            texts[name] = unicodedata.normalize("NFC", getattr(content, name)).strip()
            if what == "headline" and not texts[name]:
                wrong("no-headline", name, "")
            if len(texts[name]) > longest:
                wrong("text-too-long", name, len(texts[name]), longest=longest)
            if _CONTROL.search(texts[name]):
                wrong("control-character", name, ascii(texts[name]))
    if found:
        raise WarnError(found)
    kept = {field.name: getattr(content, field.name) for field in fields(content)} | texts
    kept |= {"areas": tuple(sorted(set(content.areas)))}
    return Content(**kept | {name: _utc(kept[name]) for name in ("onset", "expires")})


def _check_times(content: Content, now: datetime, wrong: Any) -> None:
    for name in ("onset", "expires"):
        if getattr(content, name).tzinfo is None:
            wrong("no-zone", name, getattr(content, name).isoformat())
            return
    if content.expires <= content.onset:
        wrong("ends-before-it-begins", "expires", content.expires.isoformat(), onset=content.onset.isoformat())
    elif content.expires <= now:
        wrong("already-over", "expires", content.expires.isoformat())


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def provinces() -> dict[str, str]:
    """Codes and names of the 34 provinces."""
    return {row["code"]: row["name"] for row in rows("places.csv")}


def person(by: str) -> str:
    """The name of a post or person in its kept form.

    Raises:
        WarnError: it is empty, too long, or names nobody (the program itself).
    """
    kept = re.sub(r"\s+", " ", unicodedata.normalize("NFC", by)).strip()
    if len(kept) < 2 or len(kept) > 120 or _CONTROL.search(kept) or kept.casefold() in NOT_A_PERSON:
        raise WarnError([WarnFinding("nobody", "warning", "by", kept[:80])])
    return kept


def same_person(one: str, other: str) -> bool:
    """Whether two names are the same but for case, blanks and the way letters are composed."""
    return person(one).casefold() == person(other).casefold()


def reason(text: str) -> str:
    """A reason in its kept form. Raises WarnError when there is none, or it is too long."""
    kept = unicodedata.normalize("NFC", text).strip()
    if len(kept) < 3 or len(kept) > 2000 or _CONTROL.search(kept):
        raise WarnError([WarnFinding("no-reason", "warning", "reason", kept[:80])])
    return kept
