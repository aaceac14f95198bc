"""From what a person gives to exact values: numbers as decimals, choices by id, forces from speeds; all wrong ones
are reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from khien.watch.levels.findings import LevelError, LevelFinding
from khien.watch.levels.tables import Hazard, Input, common

Value = Decimal | str
UNKNOWN: Final = ("", "unknown", "?")
"""Ways to say that an input is not known; None and leaving it out say the same."""

ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_LONGEST: Final = 40


def read_inputs(hazard: Hazard, given: Mapping[str, object]) -> dict[str, Value]:
    """The known inputs of a hazard, checked; unknown ones are left out.

    Args:
        given: name to number, text or None. Intensities may be Roman; a wind may be given as force or as speed.

    Raises:
        LevelError: unknown names, what is no number or choice, what lies outside, what contradicts.
    """
    findings: list[LevelFinding] = []
    speeds = {i.from_speed: name for name, i in hazard.inputs.items() if i.from_speed}
    values: dict[str, Value] = {}
    for name, raw in given.items():
        if raw is None or str(raw).strip().lower() in UNKNOWN:
            continue
        if name in speeds:
            speed = _number(hazard, _speed(hazard.inputs[speeds[name]]), name, raw, findings)
            if speed is not None and _free(hazard, speeds[name], name, given, findings):
                values[speeds[name]] = beaufort(speed)
        elif name in hazard.inputs:
            value = _value(hazard, hazard.inputs[name], raw, findings)
            if value is not None:
                values[name] = value
        else:
            findings.append(_unknown_name(hazard, name, [*hazard.inputs, *speeds]))
    findings += _clashes(hazard, values)
    if findings:
        raise LevelError(findings)
    return values


def need(hazard: Hazard, values: Iterable[str]) -> None:
    """Raise LevelError naming, with units, what must be given before any answer can be.

    An input that only narrows the answer is not named: without it the answer is a range.
    """
    have = set(values)
    missing = [
        _missing(hazard, [i.name] + ([i.from_speed] if i.from_speed else []))
        for i in hazard.inputs.values()
        if i.needed and i.name not in have
    ]
    missing += [_missing(hazard, group) for group in hazard.one_of if not have.intersection(group)]
    if missing:
        raise LevelError(missing)


def beaufort(speed: Decimal) -> Decimal:
    """The wind force of a speed in m/s as the text's scale has it; below force 6 it is 5 (and may be less)."""
    scale = {int(force): Decimal(low) for force, low in common()["beaufort"].items()}
    return Decimal(max((force for force, low in scale.items() if speed >= low), default=5))


def _speed(of: Input) -> Input:
    return Input(name=of.from_speed or "", kind="number", words=of.words, unit="m/s", low=Decimal(0), high=Decimal(150))


def _value(hazard: Hazard, asked: Input, raw: object, findings: list[LevelFinding]) -> Value | None:
    if asked.kind != "choice":
        return _number(hazard, asked, asked.name, raw, findings)
    text = str(raw).strip()
    if text in asked.choices:
        return text
    near = difflib.get_close_matches(text.lower(), asked.choices, n=1)
    fields = {"choices": ", ".join(asked.choices), "guess": near[0] if near else None}
    findings.append(LevelFinding("not-a-choice", hazard.id, asked.name, text[:_LONGEST], fields=fields))
    return None


def _number(
    hazard: Hazard, asked: Input, name: str, raw: object, findings: list[LevelFinding]
) -> Decimal | None:
    text = str(raw).strip()
    if asked.unit == "I-XII" and text.upper() in ROMAN:
        text = str(ROMAN.index(text.upper()) + 1)
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    fields = {"unit": asked.unit, "low": f"{asked.low}", "high": f"{asked.high}"}
    code = None
    if isinstance(raw, bool) or not value.is_finite():
        code = "not-a-number"
    elif asked.low is not None and asked.high is not None and not asked.low <= value <= asked.high:
        code = "outside"
    elif asked.kind == "whole" and value != value.to_integral_value():
        code = "not-whole"
    if code is None:
        return value
    findings.append(LevelFinding(code, hazard.id, name, text[:_LONGEST], fields=fields))
    return None


def _free(
    hazard: Hazard, force: str, speed: str, given: Mapping[str, object], findings: list[LevelFinding]
) -> bool:
    """Force and speed may not both be given: they could differ."""
    if given.get(force) is None:
        return True
    findings.append(LevelFinding("both-given", hazard.id, speed, str(given[speed]), fields={"other": force}))
    return False


def _clashes(hazard: Hazard, values: Mapping[str, Value]) -> list[LevelFinding]:
    found = []
    for low, high in hazard.orders:
        one, other = values.get(low), values.get(high)
        if isinstance(one, Decimal) and isinstance(other, Decimal) and one > other:
            fields = {"other": high, "limit": f"{other:f}"}
            found.append(LevelFinding("greater-than", hazard.id, low, f"{one:f}", fields=fields))
    return found


def _unknown_name(hazard: Hazard, name: str, known: Sequence[str | None]) -> LevelFinding:
    names = [k for k in known if k]
    near = difflib.get_close_matches(name, names, n=1)
    fields = {"known": ", ".join(names), "guess": near[0] if near else None}
    return LevelFinding("unknown-input", hazard.id, name[:_LONGEST], fields=fields)


def _missing(hazard: Hazard, group: Sequence[str | None]) -> LevelFinding:
    names = [name for name in group if name]
    told = {}
    for lang in ("vi", "en"):
        words = [hazard.inputs[name].words.of(lang) for name in names if name in hazard.inputs]
        told[f"what_{lang}"] = "; ".join(words)
    units = [hazard.inputs[n].unit if n in hazard.inputs else "m/s" for n in names]
    shown = " | ".join(f"{name} ({unit})" if unit else name for name, unit in zip(names, units, strict=True))
    return LevelFinding("missing", hazard.id, names[0], fields={"names": shown, **told})
