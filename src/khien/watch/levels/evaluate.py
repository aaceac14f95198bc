"""The level of a hazard from its table: one small evaluator for all of them.

A band applies when all of its conditions hold; of several that apply the highest counts (Decision 18/2021 Art 4). An
input that is not known is tried at every value between which the table can tell, so that the answer is a range that no
value of it can leave. See docs/methods/levels.md.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, product

from khien.watch.levels.answer import Answer, Note, UnitLevel
from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.inputs import Value, need, read_inputs
from khien.watch.levels.interval import Interval
from khien.watch.levels.places import Unit, alarms, column_status, names, place_name, station, stations, units
from khien.watch.levels.tables import Band, Condition, Hazard, Input, Words, hazard

Case = Mapping[str, Value]


def evaluate(
    hazard_id: str, given: Mapping[str, object], *, place: str | None = None, at_station: str | None = None
) -> Answer:
    """The legal level of a hazard.

    Args:
        hazard_id: one of `HAZARDS`.
        given: the table's inputs by name (numbers in the table's units, choices by id); None, "unknown" or leaving one
            out means that it is not known.
        place: one of the 34 provinces or an old one; fills in the regions that the table speaks of. A province of
            several old ones takes the highest level among them.
        at_station: a river station whose alarm levels are known (flood only).

    Raises:
        KeyError: no such hazard.
        LevelError: what was given is wrong, or too little to say anything.
    """
    table = hazard(hazard_id)
    values = read_inputs(table, {**_alarms(table, at_station), **given})
    need(table, values)
    parts = [_of_unit(table, unit, values) for unit in _units(table, place, values)]
    low, high = max(part.low for part in parts), max(part.high for part in parts)
    top = [part for part in parts if part.high == high]
    unknown = sorted({name for part in parts for name in part.unknown}) if low != high else []
    return Answer(
        hazard=table,
        low=low,
        high=high,
        bands=tuple(dict.fromkeys(band for part in top for band in part.bands)),
        notes=tuple(dict.fromkeys([*(note for part in top for note in part.notes), *_station_notes(at_station)])),
        inputs=values,
        unknown=tuple(unknown),
        units=tuple(UnitLevel(p.unit.id, p.unit.name, p.low, p.high) for p in parts if p.unit is not None),
        place=None if place is None else place_name(place),
        statuses=_statuses(table, place, values, at_station),
        station=None if at_station is None else station(at_station)["name"],
    )


@dataclass(frozen=True)
class _Part:
    """What was found for one old province (or for no place at all)."""

    unit: Unit | None
    low: int
    high: int
    bands: tuple[Band, ...]
    notes: tuple[Note, ...]
    unknown: tuple[str, ...]


def _of_unit(table: Hazard, unit: Unit | None, values: Case) -> _Part:
    named = _regions(table, unit, values)
    known = {**values, **{name: found[0] for name, found in named.items() if len(found) == 1}}
    several = {name: found for name, found in named.items() if len(found) > 1}
    outcomes = [_outcome(table, case, several) for case in _cases(table, known, set(several))]
    low, high = min(o.level for o in outcomes), max(o.level for o in outcomes)
    top = [o for o in outcomes if o.level == high]
    notes = list(dict.fromkeys(note for o in top for note in o.notes))
    if any(o.torn for o in top):
        notes += [_named_twice(table, unit, name, found) for name, found in several.items()]
    bands = tuple(dict.fromkeys(band for o in top for band in o.bands))
    return _Part(unit, low, high, bands, tuple(notes), tuple(_deciding(table, known, outcomes)))


@dataclass(frozen=True)
class _Outcome:
    """The level of one case; `torn` when two rows that name the place differ."""

    case: Case
    level: int
    bands: tuple[Band, ...]
    notes: tuple[Note, ...]
    torn: bool


def _outcome(table: Hazard, case: Case, several: Mapping[str, tuple[str, ...]]) -> _Outcome:
    """Of the regions that the text itself gives a place twice, the one with the higher level counts."""
    readings = [_hit(table, {**case, **choice}) for choice in _choices(several)]
    level, bands, notes = max(readings, key=lambda reading: reading[0])
    return _Outcome(case, level, bands, notes, len({reading[0] for reading in readings}) > 1)


def _deciding(table: Hazard, known: Case, outcomes: Sequence[_Outcome]) -> Iterator[str]:
    """The unknown inputs on whose value the level depends."""
    open_names = [name for name in outcomes[0].case if name not in known]
    for name in open_names:
        levels: dict[tuple[Value, ...], set[int]] = {}
        for outcome in outcomes:
            rest = tuple(value for key, value in outcome.case.items() if key != name)
            levels.setdefault(rest, set()).add(outcome.level)
        if any(len(found) > 1 for found in levels.values()):
            parts = table.differences.get(name, (name,))
            yield from (part for part in parts if part not in known)


def _hit(table: Hazard, case: Case) -> tuple[int, tuple[Band, ...], tuple[Note, ...]]:
    """Level, the bands that give it, and what is doubtful about it."""
    hits = [band for band in table.bands if _applies(band.when, case)]
    level = max((band.level for band in hits), default=0)
    top = tuple(band for band in hits if band.level == level)
    notes = [note for band in top for note in _notes(table, band, case)]
    if all(notes_of for notes_of in ([*_notes(table, band, case)] for band in top)):
        kept = notes
    else:  # one row gives the level without any doubt
        kept = []
    levels = sorted({band.level for band in hits})
    if table.overlap == "ambiguous" and len(levels) > 1:
        shared = {"value": str(case.get("intensity", "")), "levels": ", ".join(map(str, levels))}
        kept.append(_note(table.notes["overlap"], **shared))
    return level, top, tuple(dict.fromkeys(kept))


def _applies(conditions: Mapping[str, Condition], case: Case) -> bool:
    return all(name in case and _holds(wanted, case[name]) for name, wanted in conditions.items())


def _holds(wanted: Condition, value: Value) -> bool:
    if isinstance(wanted, Interval):
        return isinstance(value, Decimal) and wanted.holds(value)
    return value in wanted


def _notes(table: Hazard, band: Band, case: Case) -> Iterator[Note]:
    if band.note:
        yield _note(table.notes[band.note])
    if not _applies(band.stated, case):
        told = {}
        for lang in ("vi", "en"):
            told[lang] = "; ".join(
                _condition_text(table, name, wanted, lang) for name, wanted in band.stated.items()
            )
        words = table.notes["stated"]
        yield Note(words.vi.format(stated=told["vi"]), words.en.format(stated=told["en"]))


def _condition_text(table: Hazard, name: str, wanted: Condition, lang: str) -> str:
    asked = table.inputs[name]
    if isinstance(wanted, Interval):
        return f"{wanted.text(lang)} {asked.unit_in(lang)}".strip()
    return ", ".join(asked.choices[choice].of(lang) for choice in wanted)


def _note(words: Words, **fields: str) -> Note:
    return Note(words.vi.format(**fields), words.en.format(**fields))


def _named_twice(table: Hazard, unit: Unit | None, name: str, found: tuple[str, ...]) -> Note:
    from khien.words import t

    asked, place = table.inputs[name], unit.name if unit else ""
    told = {
        lang: t("level_named_twice", lang, place=place, rows=" | ".join(asked.choices[f].of(lang) for f in found))
        for lang in ("vi", "en")
    }
    return Note(told["vi"], told["en"])


def _cases(table: Hazard, known: Case, apart: set[str]) -> Iterator[dict[str, Value]]:
    """Every combination of the known values with one value of each kind that the unknown ones could have."""
    base = {**known, **_subtracted(table, known)}
    asked = [i for i in table.inputs.values() if i.name not in known and i.name not in apart and not i.optional]
    used = {name for band in table.bands for name in band.when}
    open_names = [i.name for i in asked if i.name in used]
    open_names += [name for name in table.differences if name not in base]
    yield from _filled(table, base, open_names)


def _filled(table: Hazard, case: dict[str, Value], names: list[str]) -> Iterator[dict[str, Value]]:
    """The case with every kind of value for the names; what would contradict is not gone into."""
    if not names:
        yield case
        return
    for value in _kinds(table, names[0], case):
        longer = {**case, names[0]: value}
        if _in_order(table, longer):
            yield from _filled(table, longer, names[1:])


def _kinds(table: Hazard, name: str, case: Case) -> list[Value]:
    """One value for every stretch of an input between which the table can tell: its edges, and points between.

    Inputs that are compared with one another share their edges and known values, so that every order is tried.
    """
    asked: Input | None = table.inputs.get(name)
    if asked is not None and asked.kind == "choice":
        return list(asked.choices)
    linked = {name} | {part for pair in table.orders for part in pair if any(name in p for p in table.orders)}
    found = {case[part] for part in linked if part in case}
    edges = {edge for part in linked for edge in _edges(table, part)} | {v for v in found if isinstance(v, Decimal)}
    points = _between(sorted(edges), whole=asked is not None and asked.kind == "whole")
    if asked is None or asked.low is None or asked.high is None:
        return list(points)
    return [point for point in points if asked.low <= point <= asked.high]


def _edges(table: Hazard, name: str) -> set[Decimal]:
    conditions = (band.when.get(name) for band in table.bands)
    return {edge for c in conditions if isinstance(c, Interval) for edge in c.edges}


def _between(edges: list[Decimal], *, whole: bool) -> list[Decimal]:
    """The edges, a point below and above, and one inside every gap (whole numbers: the one after each edge)."""
    if not edges:
        return [Decimal(0)]
    middles = {edge + 1 for edge in edges} if whole else {(a + b) / 2 for a, b in pairwise(edges)}
    return sorted({*edges, *middles, edges[0] - 1, edges[-1] + 1})


def _in_order(table: Hazard, case: Case) -> bool:
    for low, high in table.orders:
        one, other = case.get(low), case.get(high)
        if isinstance(one, Decimal) and isinstance(other, Decimal) and one > other:
            return False
    return True


def _subtracted(table: Hazard, known: Case) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, (whole, part) in table.differences.items():
        one, other = known.get(whole), known.get(part)
        if isinstance(one, Decimal) and isinstance(other, Decimal):
            found[name] = one - other
    return found


def _choices(several: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, Value]]:
    for chosen in product(*several.values()):
        yield dict(zip(several, chosen, strict=True))


def _regions(table: Hazard, unit: Unit | None, values: Case) -> dict[str, tuple[str, ...]]:
    if unit is None:
        return {}
    asked = [i for i in table.inputs.values() if i.place_column and i.name not in values]
    return {i.name: unit.regions[str(i.place_column)] for i in asked}


def _units(table: Hazard, place: str | None, values: Case) -> list[Unit | None]:
    """The old provinces of a place that the table names; [None] where no place was given or the table needs none."""
    if place is None:
        return [None]
    try:
        found = units(place)
    except KeyError:
        near = difflib.get_close_matches(place, names(), n=1)
        fields = {"guess": near[0] if near else None}
        raise LevelError([LevelFinding("unknown-place", table.id, "place", place[:40], fields=fields)]) from None
    wanted = [i for i in table.inputs.values() if i.place_column and i.name not in values]
    named: list[Unit | None] = [u for u in found if all(u.regions[str(i.place_column)] for i in wanted)]
    if not named:
        inputs = ", ".join(i.name for i in wanted)
        fields = {"article": table.article, "inputs": inputs}
        raise LevelError([LevelFinding("place-not-named", table.id, "place", place, fields=fields)])
    return named


def _alarms(table: Hazard, at_station: str | None) -> dict[str, object]:
    if at_station is None:
        return {}
    try:
        if table.id != "flood":
            raise KeyError(at_station)
        return dict(alarms(at_station))
    except KeyError:
        fields = {"known": ", ".join(stations())}
        raise LevelError([LevelFinding("unknown-station", table.id, "station", at_station, fields=fields)]) from None


def _station_notes(at_station: str | None) -> list[Note]:
    """What is doubtful about a station's alarm levels."""
    row = {} if at_station is None else station(at_station)
    return [Note(row["note_vi"], row["note_en"])] if row.get("note_en") else []


def _statuses(table: Hazard, place: str | None, values: Case, at_station: str | None) -> dict[str, str]:
    """How sure each fact is that the answer stands on."""
    found = {"table": table.status}
    if place is not None:
        columns = [i.place_column for i in table.inputs.values() if i.place_column and i.name not in values]
        found |= {f"place:{column}": column_status(column) for column in columns if column}
    if at_station is not None:
        found["station"] = station(at_station)["status"]
    return found
