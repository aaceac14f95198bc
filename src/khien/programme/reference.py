"""Pages and schemas made from the row classes: JSON Schema, the reference of tables, the list of findings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from khien.programme.codes import CODES, FAMILIES
from khien.programme.columns import Column, Table
from khien.programme.settings import Settings
from khien.programme.tables import ROWS, TABLES
from khien.words import catalogue, t

_MADE: Final = "<!-- Made from the source by `make docs-write`; do not edit by hand. -->\n"
_KINDS: Final = {
    "slug": "id",
    "text": "text",
    "quarter": "quarter (2026Q1)",
    "shares": "shares, split by `;`",
    "list": "list, split by `;`",
    "choice": "choice",
    "int": "whole number",
    "number": "number",
    "bool": "true or false",
    "date": "date (2026-11-24)",
}


_INTRO: Final = """\
# Tables of a programme

A programme is a folder with `programme.toml` and one CSV file per table, or one XLSX workbook with the
sheet `settings` and one sheet per table. There are {tables} tables with {columns} columns; tables that are
not needed are left out.

- An empty cell means *unknown* or *does not apply*, never 0. Columns marked ● must be filled. Where a
  default is named, an empty cell stands for it.
- An id is made of `a`–`z`, `0`–`9`, `-` and `_`, at most 64 characters. The columns of the key (🔑)
  together tell rows apart.
- Money is whole million VND in prices of the base year (`_mvnd`), plan time is quarters (`_quarters`),
  supply time is months (`_months`), shares run from 0 to 1 (`_share`).
- CSV files are UTF-8, split by commas or semicolons, with decimal point or comma, as long as one file
  keeps to one of them.
- Text is kept in composed Unicode (NFC) without blanks around it. Files and sheets whose name begins with
  `_`, or says note or readme, are for people and are not read.

## settings · Thiết lập

`programme.toml`, each setting as `[name]` with `value`, `source` and `status`; exchange rates as
`[rates.usd]`.

| setting | default | unit | meaning | nghĩa |
|---|---|---|---|---|"""
_FINDINGS: Final = """\
# Findings

`khien check` reads to the end and reports everything at once: code, table, line, column, value and a way
out. **Errors** keep a programme from being planned (exit code 1); **warnings** do not. The line is what a
spreadsheet shows, the header being line 1.
"""


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a whole programme as `Programme.to_dict` gives it."""
    models = [(model, "validation") for model in (*ROWS, Settings)]
    keys, schema = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    tables = {row.TABLE: {"type": "array", "items": keys[row, "validation"]} for row in ROWS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Khiên programme",
        "type": "object",
        "properties": {
            "settings": keys[Settings, "validation"],
            "tables": {"type": "object", "properties": tables, "additionalProperties": False},
        },
        "required": ["settings", "tables"],
        "$defs": schema["$defs"],
    }


def tables_page() -> str:
    """The reference of all tables and settings, in Markdown, in both languages."""
    columns = sum(len(table.columns) for table in TABLES.values())
    intro = _INTRO.format(tables=len(TABLES), columns=columns)
    tables = (line for table in TABLES.values() for line in _table(table))
    return "\n".join([_MADE, intro, *_settings(), *tables])


def _settings() -> Iterator[str]:
    for name, info in Settings.model_fields.items():
        if name != "facts":
            told: dict[str, Any] = dict(info.json_schema_extra or {})  # type: ignore[arg-type]
            default = "●" if info.is_required() else f"`{_toml(info.default)}`"
            yield f"| `{name}` | {default} | {told['unit']} | {told['en']} | {told['vi']} |"
    yield ""


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name} · {table.title_vi}"
    yield ""
    yield f"{table.about_en} *{table.about_vi}*"
    yield ""
    yield "| column | | type | unit | allowed | meaning | nghĩa |"
    yield "|---|---|---|---|---|---|---|"
    for column in table.columns.values():
        marks = ("🔑" if column.name in table.key else "") + ("●" if column.required else "")
        yield (
            f"| `{column.name}` | {marks} | {_KINDS[column.kind]} | {column.unit} | {_allowed(column)} "
            f"| {column.en} | {column.vi} |"
        )
    yield ""


def _allowed(column: Column) -> str:
    parts = []
    if column.to:
        parts.append("→ " + ", ".join(f"[{name}](#{name}-{_anchor(name)})" for name in column.to))
    if column.choices:
        parts.append(", ".join(f"`{choice}`" for choice in column.choices))
    bounds = [f"{sign} {limit:g}" for sign, limit in (("≥", column.ge), (">", column.gt), ("≤", column.le))
              if limit is not None and limit < 2**53 - 1]  # fmt: skip
    parts += [", ".join(bounds)] if bounds else []
    if column.default is not None:
        parts.append(f"default `{_toml(column.default)}`")
    return "; ".join(parts)


def _anchor(name: str) -> str:
    """The second half of a heading's anchor: the Vietnamese title in lower case with dashes."""
    return "-" + re.sub(r"[^\w-]", "", TABLES[name].title_vi.lower().replace(" ", "-"))


def findings_page() -> str:
    """Every finding with its message and way out, in Markdown, in both languages."""
    lines = [_MADE, _FINDINGS]
    for family, codes in FAMILIES.items():
        lines += [f"## {t(f'family.{family}', 'en')} · {t(f'family.{family}', 'vi')}", ""]
        for code in codes:
            lines += [f"### {code}", "", *_finding(code), ""]
    return "\n".join(lines)


def _finding(code: str) -> list[str]:
    said, way = catalogue()[f"finding.{code}"], catalogue()[f"way.{code}"]
    return [
        f"*{t(f'severity.{CODES[code]}', 'en').capitalize()}.* {_shown(said['en'])}  ",
        f"**Way out.** {_shown(way['en'])}",
        "",
        f"*{t(f'severity.{CODES[code]}', 'vi').capitalize()}.* {_shown(said['vi'])}  ",
        f"**Cách xử lý.** {_shown(way['vi'])}",
    ]


def _shown(text: str) -> str:
    """The text with its fields as ⟨names⟩."""
    text = re.sub(r"(?<!\{)\{(\w+)\}(?!\})", r"⟨\1⟩", text)
    return text.replace("{{", "{").replace("}}", "}")
