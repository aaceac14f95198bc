"""The answer to "which level is it": level or range, article, band, reason, doubts, command, colour, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from khien.watch.levels.interval import Interval
from khien.watch.levels.tables import Band, Hazard, common, level_facts
from khien.words import t


@dataclass(frozen=True)
class Note:
    """A doubt about the text, in both languages."""

    vi: str
    en: str

    def of(self, lang: str) -> str:
        """The note in one language."""
        return self.vi if lang == "vi" else self.en


@dataclass(frozen=True)
class UnitLevel:
    """Level, or range of levels, in one old province of the place asked about."""

    id: str
    name: str
    low: int
    high: int


@dataclass(frozen=True)
class Answer:
    """A level under Decision 18/2021.

    Attributes:
        low, high: least and greatest level that what is known allows; 0 is below the scale. They are equal unless an
            unknown input decides between them.
        bands: the cells of the table that give `high`; none below the scale.
        notes: where the text is ambiguous and the higher level was taken.
        unknown: inputs that would narrow the range; empty when it is one level.
        units: level in each old province of the place.
        place: name of the place asked about; today's name if it is one of the 34.
        statuses: fact to status (text, press, assumed) for every fact used.
    """

    hazard: Hazard
    low: int
    high: int
    bands: tuple[Band, ...]
    notes: tuple[Note, ...]
    inputs: Mapping[str, Any]
    unknown: tuple[str, ...]
    units: tuple[UnitLevel, ...]
    place: str | None
    statuses: Mapping[str, str]
    station: str | None = None

    @property
    def level(self) -> int | None:
        """The level, 0 to 5; None while an unknown input decides (see `low`, `high` and `unknown`)."""
        return self.high if self.low == self.high else None

    @property
    def verified(self) -> bool:
        """Whether every fact that the level stands on was read in the legal text."""
        return set(self.statuses.values()) == {"text"}

    def band(self, lang: str) -> str:
        """The cells that give the level, as text; a dash below the scale."""
        return " | ".join(band_text(self.hazard, band, lang) for band in self.bands) or "–"

    def article(self, lang: str) -> str:
        """Where it stands: article and decision."""
        return t("level_article", lang, article=self.hazard.article, decision=common()["decision"][lang])

    def reason(self, lang: str) -> str:
        """Why it is this level, in one sentence."""
        given = self.given(lang)
        if self.low != self.high:
            unknown = ", ".join(f"{self.hazard.inputs[n].words.of(lang)} ({n})" for n in self.unknown)
            fields = {"low": self.low, "high": self.high, "unknown": unknown}
            return t("level_reason_range", lang, given=given, **fields)
        if not self.high:
            return t("level_reason_below", lang, given=given, article=self.hazard.article)
        fields = {"level": self.high, "article": self.hazard.article}
        return t("level_reason", lang, given=given, band=self.band(lang), **fields)

    def given(self, lang: str) -> str:
        """What was given, with units."""
        told = [_given(self.hazard, name, value, lang) for name, value in self.inputs.items()]
        return "; ".join(told if self.place is None else [self.place, *told])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, with the texts in both languages."""
        facts = level_facts(self.high)
        told: dict[str, Any] = {
            "hazard": self.hazard.id,
            "level": self.level,
            "low": self.low,
            "high": self.high,
            "unknown": list(self.unknown),
            "inputs": {k: float(v) if isinstance(v, Decimal) else v for k, v in self.inputs.items()},
            "place": self.place,
            "station": self.station,
            "units": [vars(unit) for unit in self.units],
            "article_number": self.hazard.article,
            "rgb": facts.get("rgb"),
            "verified": self.verified,
            "statuses": dict(self.statuses),
            "commands_verified": False,
        }
        for lang in ("vi", "en"):
            told |= {
                f"name_{lang}": facts[lang],
                f"article_{lang}": self.article(lang),
                f"band_{lang}": self.band(lang),
                f"reason_{lang}": self.reason(lang),
                f"notes_{lang}": [note.of(lang) for note in self.notes],
                f"commands_{lang}": facts[f"commands_{lang}"],
                f"commands_source_{lang}": commands_source(lang),
                f"colour_{lang}": facts[f"colour_{lang}"],
            }
        return told


def commands_source(lang: str) -> str:
    """Where it stands who commands, and what keeps it from being verified."""
    facts: Mapping[str, str] = common()["commands"]
    return f"{facts[lang]}; {facts[f'amended_{lang}']}"


def band_text(hazard: Hazard, band: Band, lang: str) -> str:
    """One cell of a table as text: ``wind force 12–15 Beaufort, area: coastal waters``."""
    return ", ".join(_condition(hazard, name, wanted, lang) for name, wanted in band.when.items())


def _condition(hazard: Hazard, name: str, wanted: Any, lang: str) -> str:
    if name in hazard.differences:
        return f"{_difference(hazard, name, lang)} {wanted.text(lang)} m"
    asked = hazard.inputs[name]
    if isinstance(wanted, Interval):
        return f"{asked.words.of(lang)} {wanted.text(lang)} {asked.unit_in(lang)}".rstrip()
    return "/".join(asked.choices[choice].of(lang) for choice in wanted)


def _difference(hazard: Hazard, name: str, lang: str) -> str:
    whole, part = (hazard.inputs[n].words.of(lang) for n in hazard.differences[name])
    return f"({whole} − {part.split(' (')[0]})"


def _given(hazard: Hazard, name: str, value: Any, lang: str) -> str:
    asked = hazard.inputs[name]
    if asked.kind == "choice":
        return f"{asked.words.of(lang)}: {asked.choices[value].of(lang)}"
    shown = f"{value:f}".replace(".", ",") if lang == "vi" else f"{value:f}"
    return f"{asked.words.of(lang)}: {shown} {asked.unit_in(lang)}".rstrip()
