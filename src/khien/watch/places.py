"""The provinces of Viet Nam by date: names found however they are written, and values brought to the 34 of today.

Ids are those of the programme's table `places`: two digits for a province of today, ``old-NN`` for one of the 63 before
1 July 2025 whose land went into a larger one (an unchanged one keeps its two digits), ``was-NAME`` for one before that.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final, Literal

import polars as pl

from khien.watch.observe.findings import WatchFindings

MERGED: Final = date(2025, 7, 1)
"""First day of the 34 provinces (resolution 202/2025/QH15)."""
CENSUS: Final = (date(2009, 4, 1), date(2019, 4, 1))
COUNTRY: Final = "vn"
Kind = Literal["count", "rate"]
Scheme = Literal["34", "63"]

_BEFORE_NAMES: Final = ("thanhpho", "tinh", "tp")
_AFTER_NAMES: Final = ("province", "city")
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "hochiminh": ("hcm", "hcmc", "saigon"),
    "thuathienhue": ("hue", "tthue", "thuathien"),
    "hue": ("thuathienhue",),
    "daklak": ("daclac", "dacklak", "darlac"),
    "daknong": ("dacnong",),
    "bariavungtau": ("brvt", "vungtau"),
    "kontum": ("kontom", "contum"),
    "haiphong": ("haifong",),
}
"""Plain name to further names in use; Huế is looked for under both of its names."""


@dataclass(frozen=True)
class Province:
    """One province at one time.

    Attributes:
        id: id in the table `places`.
        name: with diacritics, as the law of its time writes it.
        since, until: first and last day; None where the list ends.
        parts: codes of the 63 that its land made up; ``01.1`` and ``01.2`` are Hà Nội before 2008 and Hà Tây.
        people: inhabitants at the censuses of 2009 and 2019, summed over its parts; None where unknown.
    """

    id: str
    name: str
    since: date | None
    until: date | None
    parts: frozenset[str]
    people: tuple[int, int] | None

    def held(self, on: date) -> bool:
        """Whether it was there on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)

    def people_on(self, on: date) -> float | None:
        """Inhabitants on a day: on the line between the two censuses, and outside them as at the nearer one."""
        if self.people is None:
            return None
        share = (on - CENSUS[0]).days / (CENSUS[1] - CENSUS[0]).days
        return self.people[0] + (self.people[1] - self.people[0]) * min(max(share, 0.0), 1.0)


@cache
def provinces() -> Mapping[str, Province]:
    """Every province that ever was since 1976, by id."""
    new, old, before = (_rows(f"vn_provinces_{name}.csv") for name in ("34", "63", "before"))
    people = {row["code63"]: (int(row["people_2009"]), int(row["people_2019"])) for row in old}
    into: dict[str, list[str]] = {}
    for row in old:
        into.setdefault(row["code34"], []).append(row["code63"])
    found = []
    for row in new:
        parts = into[row["code"]]
        since = None if parts == [row["code"]] else MERGED
        found.append(_province(row["code"], row["name"], since, None, parts, people))
    day_before = date.fromordinal(MERGED.toordinal() - 1)
    for row in old:
        if into[row["code34"]] != [row["code63"]]:
            found.append(_province(f"old-{row['code63']}", row["name"], None, day_before, [row["code63"]], people))
    for row in before:
        days = (date.fromisoformat(row["since"]), date.fromisoformat(row["until"]))
        found.append(_province(row["id"], row["name"], *days, row["parts"].split(), people))
    return MappingProxyType({province.id: province for province in found})


def _province(
    id: str,
    name: str,
    since: date | None,
    until: date | None,
    parts: Iterable[str],
    people: Mapping[str, tuple[int, int]],
) -> Province:
    parts = list(parts)
    known = [people[part] for part in parts if part in people]
    total = (sum(p[0] for p in known), sum(p[1] for p in known)) if len(known) == len(parts) else None
    leaves = frozenset(leaf for part in parts for leaf in (("01.1", "01.2") if part == "01" else (part,)))
    return Province(id, name, since, until, leaves, total)


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("khien.watch") / "data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def letters(text: str) -> str:
    """A text in small letters without diacritics."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D").lower())
    return "".join(c for c in apart if not unicodedata.combining(c))


def plain(name: str) -> str:
    """A name without diacritics, capitals, blanks, marks and the word for province or city."""
    text = "".join(c for c in letters(name) if c.isascii() and c.isalnum())
    for word in _BEFORE_NAMES:
        text = text.removeprefix(word) or text
    for word in _AFTER_NAMES:
        text = text.removesuffix(word) or text
    return text


@cache
def _by_name() -> Mapping[str, tuple[str, ...]]:
    """Plain name or code to the ids that may be meant."""
    found: dict[str, list[str]] = {}
    for province in provinces().values():
        name = plain(province.name)
        for also in (name, *_ALSO.get(name, ())):
            found.setdefault(also, []).append(province.id)
    for row in _rows("vn_provinces_34.csv"):
        found.setdefault(plain(row["name_en"]), [])
        if row["code"] not in found[plain(row["name_en"])]:
            found[plain(row["name_en"])].append(row["code"])
    return {name: tuple(dict.fromkeys(ids)) for name, ids in found.items()}


def find(
    text: str,
    findings: WatchFindings,
    *,
    on: date | None = None,
    scheme: Scheme | None = None,
    table: str | None = None,
    row: int | None = None,
    column: str = "place",
) -> str | None:
    """The id of a province by its name, code or id; None, with a finding, when it is unknown or may be two.

    Args:
        text: ``Hà Nội``, ``TP. Hồ Chí Minh``, ``Thua Thien Hue``, ``old-08``; a two-digit code needs `on` or `scheme`
            where it changed its meaning.
        findings: a finding is added here when nothing can be returned.
        on: the day that is spoken of; of several provinces of a name that of the day is meant.
        scheme: "34" or "63" when the list that the text follows is known, whatever the day; units older than
            the 63 are still found.
        table, row, column: where the text stands, for the finding.
    """
    ids = candidates(text, on, scheme)
    if len(ids) == 1:
        return ids[0]
    where = {"table": table, "row": row, "column": column, "value": text}
    if not ids:
        gone = _named(text)
        if gone and (on is not None or scheme is not None):
            target = ", ".join(sorted({provinces()[i].name for name in gone for i in _homes(provinces()[name])}))
            findings.note("place-gone", **where, into=target, on=on or MERGED)  # type: ignore[arg-type]
        else:
            findings.note("place-unknown", **where, count=1, guess=_near(text))  # type: ignore[arg-type]
        return None
    findings.note("place-ambiguous", **where, choices=", ".join(ids))  # type: ignore[arg-type]
    return None


def candidates(text: str, on: date | None = None, scheme: Scheme | None = None) -> list[str]:
    """Ids that a text may mean, after what is known of day and list; empty for none."""
    ids = _named(text)
    known = provinces()
    if scheme == "34":
        return [i for i in ids if known[i].until is None]
    if scheme == "63":
        ids = [i for i in ids if known[i].since != MERGED]
        on = on if on is not None and on < MERGED else date.fromordinal(MERGED.toordinal() - 1)
    if on is None:
        return ids if len({i for i in ids if not i.startswith("was-")}) != 1 else [i for i in ids if i[:4] != "was-"]
    held = [i for i in ids if known[i].held(on)]
    if len(held) > 1:  # a predecessor of the same name counts on its own days
        held = [i for i in held if i.startswith("was-")] or held
    if held or on >= MERGED:
        return held
    # A source may change its list some months before or after the law did.
    near = sorted(ids, key=lambda i: abs((known[i].until or MERGED).toordinal() - on.toordinal()))
    return near[:1]


def _named(text: str) -> list[str]:
    """All ids that the text names."""
    return list(_ids_of(text))


@lru_cache(maxsize=10_000)
def _ids_of(text: str) -> tuple[str, ...]:
    raw = text.strip()
    if raw in provinces() and not (raw.isdigit() and f"old-{raw}" in provinces()):
        return (raw,)
    if raw.isdigit() and len(raw) <= 2:
        code = raw.zfill(2)
        return tuple(i for i in (code, f"old-{code}") if i in provinces())
    return _by_name().get(plain(raw), ())


def _near(text: str) -> str | None:
    import difflib

    names = _official()
    close = difflib.get_close_matches(plain(text), names, n=1, cutoff=0.75)
    return names[close[0]] if close else None


@cache
def _official() -> Mapping[str, str]:
    """Plain name to the official one."""
    return {plain(province.name): province.name for province in provinces().values()}


def _homes(province: Province) -> list[str]:
    """The provinces of today in which its land lies."""
    today = [p for p in provinces().values() if p.until is None]
    return [p.id for p in today if p.parts & province.parts]


@cache
def _crosswalk() -> pl.DataFrame:
    """Unit, part of its land, province of today, how many parts that has, whether the unit lies in several of them."""
    rows = []
    for province in provinces().values():
        homes = _homes(province)
        for leaf in sorted(province.parts):
            home = next(i for i in homes if leaf in provinces()[i].parts)
            rows.append((province.id, leaf, home, len(provinces()[home].parts), len(homes) > 1))
    return pl.DataFrame(rows, schema=["place", "leaf", "home", "leaves", "torn"], orient="row")


def to_34(frame: pl.DataFrame, how: Kind, findings: WatchFindings) -> pl.DataFrame:
    """Values of provinces of any time, brought to the 34 of today.

    Counts add up; rates (per head, shares, means over people) are weighted with the inhabitants of each unit on the
    valid date. A value is missing where a part is missing: a sum without one province is no sum.

    Args:
        frame: columns `place`, `valid` and `value`, one row each, as :meth:`Store.as_of` gives them; `issued` and
            `received` become the latest of the parts, other columns (`indicator`, `unit`) keep their first value.
        how: "count" or "rate".
        findings: units that lie in several provinces of today, parts that are missing or overlap.

    Returns:
        The same columns, sorted by place and valid time; places that are no province of Viet Nam stay as they are.
    """
    walk = _crosswalk()
    known = frame.filter(pl.col("place").is_in(walk["place"].unique().implode()))
    torn = known.join(walk.filter("torn").select("place").unique(), on="place", how="semi")
    for place in torn["place"].unique(maintain_order=True):
        homes = ", ".join(_homes(provinces()[place]))
        findings.note("place-torn", "observations", None, "place", place, homes=homes)
    parts = known.join(torn.select("place").unique(), on="place", how="anti").join(walk, on="place", how="left")
    days = parts.select("place", pl.col("valid").dt.date().alias("day")).unique()
    weights = days.with_columns(
        people=pl.Series([provinces()[p].people_on(d) for p, d in days.iter_rows()], dtype=pl.Float64)
    )
    parts = parts.with_columns(day=pl.col("valid").dt.date()).join(weights, on=["place", "day"], how="left")
    land = parts.group_by("home", "valid").agg(
        (pl.first("leaves") > pl.col("leaf").n_unique()).alias("_short"),
        (pl.len() > pl.col("leaf").n_unique()).alias("_twice"),
    )
    units = parts.sort("place").unique(["home", "valid", "place"], keep="first", maintain_order=True)
    found = _joined(units, frame, how).join(land, on=["home", "valid"])
    for code, mark in (("place-part-missing", "_short"), ("place-twice", "_twice")):
        bad = found.filter(pl.col(mark)).group_by("home").agg(pl.len(), pl.min("valid")).sort("home")
        for home, count, first in bad.iter_rows():
            findings.note(code, "observations", None, "place", home, count=count, first=first.date().isoformat())
    sound = ~(pl.col("_unknown") | pl.col("_short") | pl.col("_twice"))
    found = found.with_columns(value=pl.when(sound).then("value"), place=pl.col("home"))
    others = frame.filter(~pl.col("place").is_in(walk["place"].unique().implode()))
    return pl.concat([found.select(frame.columns), others]).sort("place", "valid")


def _joined(units: pl.DataFrame, frame: pl.DataFrame, how: Kind) -> pl.DataFrame:
    """One row for each province of today and time, of the units that make it up; `_unknown` where a part is."""
    value, people = pl.col("value"), pl.col("people")
    total, unknown = value.sum(), value.is_null().any()
    if how == "rate":
        weighted = (value * people).sum() / people.sum()
        total = pl.when(pl.len() == 1).then(value.first()).otherwise(weighted)
        unknown = unknown | (people.is_null().any() & (pl.len() > 1))
    late = [pl.max(c) for c in ("issued", "received") if c in frame.columns]
    rest = [pl.first(c) for c in frame.columns if c not in ("place", "valid", "value", "issued", "received")]
    return units.group_by("home", "valid").agg(total.alias("value"), unknown.alias("_unknown"), *late, *rest)


@cache
def seats() -> Mapping[str, tuple[float, float]]:
    """Latitude and longitude of the centre of each of the 34 provinces, in degrees."""
    rows = _rows("vn_provinces_34.csv")
    return MappingProxyType({row["code"]: (float(row["lat"]), float(row["lon"])) for row in rows})


def known_places() -> frozenset[str]:
    """Ids of the country and of every province that ever was."""
    return frozenset((COUNTRY, *provinces()))
