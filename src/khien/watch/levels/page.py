"""docs/reference/legal-levels.md, written from the tables themselves so that it cannot fall behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from khien.watch.levels.answer import band_text
from khien.watch.levels.interval import Interval
from khien.watch.levels.tables import HAZARDS, Band, Hazard, clocks_table, common, epidemic_rules, hazard, rows

HEAD = """\
# Legal levels · Cấp độ theo luật

*Generated from the data by `make docs-write`. Trang này được sinh từ chính các bảng dữ liệu.*

Every table that `khien level` answers from, with its article. How an answer is found, what is done where the text is
ambiguous and what a range means: [levels](../methods/levels.md).

**How sure.** `text`: read in a copy of the legal text. `press`: from press or secondary copies, not checked against it.
`assumed`: our own reading, no rule. Whatever is not `text` says "not verified" in every answer.

Intervals are exact: `>3–4` is above 3 up to and including 4; `≥14` includes 14; `12–<14` leaves 14 out.
"""


def levels_page() -> str:
    """The whole page as Markdown."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    decision = common()["decision"]
    yield f"## {decision['en']}\n"
    yield f"Issued {decision['issued']}, in force {decision['in_force']}; status `{decision['status']}`.\n"
    yield from _levels()
    yield from _beaufort()
    for name in HAZARDS:
        yield from _hazard(hazard(name))
    yield from _stations()
    yield from _places()
    yield from _epidemic()
    yield from _clocks()


def _levels() -> Iterator[str]:
    yield "### Levels, colours, command (Art 4; Decree 66/2021 Arts 7 to 11)\n"
    yield "| level | cấp độ | colour | RGB | who commands | ai chỉ huy | status |"
    yield "|---|---|---|---|---|---|---|"
    for row in common()["level"][1:]:
        rgb = ", ".join(map(str, row.get("rgb", []))) or "not stated"
        cells = (f"{row['level']} {row['en']}", row["vi"], f"{row['colour_en']} · {row['colour_vi']}", rgb)
        yield _row(*cells, row["commands_en"], row["commands_vi"], f"`{row['commands_status']}`")
    facts, rise = common()["commands"], common()["compound"]
    yield f"\nCommand: {facts['en']}, {facts['amended_en']}.\n"
    yield (
        f"Several levels in one area: the highest counts. Compound or successive hazards: +{rise['rise']}, "
        f"+{rise['rise_serious']} where serious loss is likely, never above {rise['cap']} (`khien level compound`).\n"
    )


def _beaufort() -> Iterator[str]:
    scale = common()["beaufort"]
    yield "### Beaufort scale as the decision prints it: lowest speed, m/s\n"
    yield _row("force", *scale)
    yield "|" + "---|" * (len(scale) + 1)
    yield _row("m/s", *scale.values())
    yield ""


def _hazard(table: Hazard) -> Iterator[str]:
    yield f"### Art {table.article}: {table.words.en} · {table.words.vi}\n"
    yield f"`khien level {table.id}`; status `{table.status}`.\n"
    if table.bulletins:
        yield f"Bulletins: {table.bulletins.en}.\n"
    if table.remark:
        yield table.remark.en + "\n"
    stated = any(band.stated for band in table.bands)
    noted = any(band.note for band in table.bands)
    yield _row("level", "band", "dải", *(["stated beside it"] if stated else []), *(["in doubt"] if noted else []))
    yield "|" + "---|" * (3 + stated + noted)
    for band in sorted(table.bands, key=lambda band: band.level):
        more = [_stated(table, band)] if stated else []
        more += [table.notes[band.note].en if band.note else ""] if noted else []
        yield _row(str(band.level), band_text(table, band, "en"), band_text(table, band, "vi"), *more)
    if table.overlap == "ambiguous":
        yield "\nRows share values; where two give different levels the higher is taken, with a note."
    yield ""


def _stated(table: Hazard, band: Band) -> str:
    told = []
    for name, wanted in band.stated.items():
        asked = table.inputs[name]
        if isinstance(wanted, Interval):
            told.append(f"{asked.words.en} {wanted.text()} {asked.unit}")
        else:
            told.append(", ".join(asked.choices[choice].en for choice in wanted))
    return "; ".join(told)


def _stations() -> Iterator[str]:
    yield "### Alarm levels of stations (Decision 05/2020; secondary copies)\n"
    yield "Of 244 stations only these were found; give the others with `--alarm1-m`, `--alarm2-m`, `--alarm3-m`.\n"
    yield "| station | alarm 1, m | alarm 2, m | alarm 3, m | status | in doubt |\n|---|---|---|---|---|---|"
    for row in rows("stations.csv"):
        alarms = (row["alarm1_m"], row["alarm2_m"], row["alarm3_m"])
        yield _row(row["name"], *alarms, f"`{row['status']}`", row["note_en"])
    yield ""


def _places() -> Iterator[str]:
    status = common()["place_columns"]
    yield "### Which region a place lies in\n"
    yield (
        "The decision speaks of regions and of the provinces before July 2025. A province of today takes the highest "
        "level among the old ones it is made of (Art 4: the highest level in one area).\n"
    )
    yield _row("old province", "now", *(name.replace("_", " ") for name in status))
    yield "|" + "---|" * (2 + len(status))
    yield _row("*status*", "", *(f"`{value}`" for value in status.values()))
    for row in rows("places.csv"):
        regions = (row[column].replace(";", ", ") or "–" for column in status)
        yield _row(f"{row['old_name']} ({row['old']})", f"{row['name']} ({row['code']})", *regions)
    yield ""


def _epidemic() -> Iterator[str]:
    rules = epidemic_rules()
    endemic, other, groups = rules["endemic"], rules["other"], rules["groups"]
    yield f"## {rules['circular']['en']}: epidemics\n"
    yield f"In force 1 July 2026; status `{rules['status']}`.\n"
    yield "| rule | value | article |\n|---|---|---|"
    yield _row(
        "warning, endemic, groups B and C",
        f"week between mean + {endemic['warning_from_sd']} SD and mean + {endemic['epidemic_above_sd']} SD of the same "
        f"week of the last {endemic['years']} non-epidemic years",
        endemic["warning_article"],
    )
    yield _row(
        "epidemic, endemic, groups B and C",
        f"month above mean + {endemic['epidemic_above_sd']} SD of the same month of those years",
        endemic["epidemic_article"],
    )
    yield _row("warning, group A", f"{other['group_a_cases']} confirmed case in the commune", "22")
    yield _row("warning, not endemic", f"{other['warning_linked_cases']} linked cases", "22")
    yield _row("epidemic, not endemic", f"{other['epidemic_linked_cases']} or more linked cases in a month", "16")
    yield _row("warning, abroad only", "risk medium or more", "22")
    for row in rules["civil"]:
        yield _row(f"civil-defence level {row['level']}", f"{row['en']} · {row['vi']}", row["article"])
    yield "\nThe circular does not say which standard deviation; the sample one is used (`assumed`).\n"
    limits = f"A from {groups['a_from']} points (or new and extremely dangerous), B from {groups['b_from']}, else C"
    yield f"Group: {limits}.\n"
    yield "| criterion | 1 point | 2 points | 3 points |\n|---|---|---|---|"
    for name, raw in rules["points"].items():
        by_points = sorted(value for value in raw.values() if isinstance(value, list))
        yield _row(f"{raw['en']} (`--{name}`)", *(f"{value[2]} · {value[1]}" for value in by_points))
    yield ""


def _clocks() -> Iterator[str]:
    yield "## Reporting clocks\n"
    yield "`khien level due GROUP`. Due times are said in Viet Nam's time (UTC+7 all year).\n"
    yield "| group | due | what | việc | source | status |\n|---|---|---|---|---|---|"
    for row in clocks_table():
        if "day" in row:
            due = f"by {row['day'][1]:02}/{row['day'][0]:02} each year"
        elif "each" in row:
            due = "every day"
        else:
            due = f"{row['hours']} h" if row["hours"] else "at once"
        yield _row(row["group"], due, row["en"], row["vi"], row["source_en"], f"`{row['status']}`")


def _row(*cells: str) -> str:
    return "| " + " | ".join(_clean(cells)) + " |"


def _clean(cells: Iterable[str]) -> Iterator[str]:
    return (str(cell).replace("|", "\\|") for cell in cells)
