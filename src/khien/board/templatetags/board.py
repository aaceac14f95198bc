"""Words, numbers and times in templates, each in the language of the page."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any, Final

from django import template

from khien.board.charts.watch_outside import code_name
from khien.board.language import moment_text
from khien.draw.numbers import money, number, percent, quarter
from khien.programme import TABLES
from khien.words import catalogue, t

register = template.Library()
BROWSERS: Final = (
    ("Firefox/", "Firefox"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS: Final = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
"""Signs in the order in which they are looked for: many browsers name others too."""
_COUNTS: Final = ("count", "whole", "errors", "warnings")


@register.simple_tag(takes_context=True, name="t")
def words(context: dict[str, Any], key: str, **fields: Any) -> str:
    """The text of a key; counts in it are written as numbers are."""
    shown = {name: num(context, v) if name in _COUNTS and isinstance(v, int) else v for name, v in fields.items()}
    return t(key, context["lang"], **shown)


@register.simple_tag(takes_context=True, name="name")
def named(context: dict[str, Any], prefix: str, value: str) -> str:
    """The text of a key that ends in a value: `{% name "office_role_" role %}`."""
    return t(f"{prefix}{value}", context["lang"])


@register.simple_tag(takes_context=True)
def num(context: dict[str, Any], value: float | None, digits: int = 0) -> str:
    """A number as readers of the language write it; what is unknown is a dash."""
    return number(value, context["lang"], digits)


@register.simple_tag(takes_context=True)
def pct(context: dict[str, Any], share: float | None, digits: int = 1) -> str:
    """A share (0-1) in percent."""
    return percent(share, context["lang"], digits)


@register.simple_tag(takes_context=True, name="money")
def money_(context: dict[str, Any], amount_mvnd: float | None) -> str:
    """Million VND, with the unit that keeps the number short."""
    return money(amount_mvnd, context["lang"])


@register.simple_tag(takes_context=True)
def size(context: dict[str, Any], count: int) -> str:
    """Bytes, in kB or MB."""
    unit, digits = (1e6, 1) if count >= 1e6 else (1e3, 1 if count < 1e4 else 0)
    return f"{num(context, count / unit, digits)} {'MB' if unit == 1e6 else 'kB'}"


@register.simple_tag(takes_context=True)
def told_cell(context: dict[str, Any], cell: dict[str, Any]) -> str:
    """A value of a run's answer, by its form."""
    value, form = cell["value"], cell["form"]
    if value is None:
        return "–"
    if form == "text":
        return str(value[context["lang"]] if isinstance(value, dict) else value)
    if form == "share":
        return pct(context, value)
    return num(context, value, 4 if form == "number" else 0)


@register.simple_tag(takes_context=True)
def when(context: dict[str, Any], moment: datetime | str | None, to: str = "minute") -> str:
    """A moment in the office's time zone, to the minute or, where the order of acts matters, to the second."""
    if not moment:
        return "–"
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment_text(moment, context["lang"], to)


@register.simple_tag(takes_context=True)
def day(context: dict[str, Any], moment: datetime | date | None) -> str:
    """A day; of a moment, that in UTC, in which days of observations begin."""
    if not moment:
        return "–"
    return moment.strftime("%d/%m/%Y" if context["lang"] == "vi" else "%Y-%m-%d")


@register.simple_tag(takes_context=True, name="quarter")
def quarter_(context: dict[str, Any], label: str | None) -> str:
    """A quarter of the plan, ``2027Q1`` in the tables."""
    return quarter(label, context["lang"])


@register.simple_tag(takes_context=True)
def verdict(context: dict[str, Any], answer: Any) -> str:
    """Why somebody may or may not."""
    return str(answer.why(context["lang"]))


@register.simple_tag(takes_context=True)
def cap_code(context: dict[str, Any], code: str) -> str:
    """A code of CAP in words; what is none stands for itself."""
    return code_name(code, context["lang"])


@register.simple_tag(takes_context=True)
def table_name(context: dict[str, Any], name: str) -> str:
    """What a table is called; one that is not known (any more) stands for itself."""
    return TABLES[name].title(context["lang"]) if name in TABLES else name


@register.simple_tag(takes_context=True)
def column_name(context: dict[str, Any], table: str, name: str) -> str:
    """What a column is called; one that is not known (any more) stands for itself."""
    column = TABLES[table].columns.get(name) if table in TABLES else None
    return name if column is None else label(column.meaning(context["lang"]))


@register.simple_tag(takes_context=True)
def unit_name(context: dict[str, Any], unit: str) -> str:
    """The unit of a column in words; km or 0-1 are written as they are."""
    key = f"unit_{unit.replace(' ', '_')}"
    return t(key, context["lang"]) if key in catalogue() else unit


@register.simple_tag(takes_context=True)
def field_name(context: dict[str, Any], field: str) -> str:
    """What a field of a warning is called; a file, or what is none, stands for itself."""
    key = f"lookout_field_{field}"
    return t(key, context["lang"]) if key in catalogue() else field


@register.filter
def browser(agent: str) -> str:
    """What somebody signs in with, out of the line by which a browser tells of itself; "" when it cannot be told."""
    found = [next((name for sign, name in signs if sign in agent), "") for signs in (BROWSERS, SYSTEMS)]
    return ", ".join(part for part in found if part)


@register.filter
def label(meaning: str) -> str:
    """The meaning of a column as a heading: what stands before its first bracket or colon, with a capital."""
    text = re.split(r" \(|[:;]", meaning, maxsplit=1)[0].strip()
    return text[:1].upper() + text[1:]


@register.filter
def cell(value: Any) -> str:
    """A cell as it stands in the table: empty for missing, dates as ISO, no thousands marks (it is data)."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@register.filter
def short(text: str) -> str:
    """The first twelve letters of a hash."""
    return str(text)[:12]


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """An item of a mapping; None when it is not there."""
    return mapping.get(key)


@register.filter
def split(text: str) -> list[str]:
    """A list written with commas."""
    return text.split(",")


@register.filter
def sides(conflict: Any) -> list[Any]:
    """The three sides of a conflict: before, ours, theirs."""
    return [conflict.base, conflict.ours, conflict.theirs]


@register.filter
def unlocal(value: float) -> str:
    """A number for an attribute of HTML, which knows only the decimal point."""
    return repr(float(value))
