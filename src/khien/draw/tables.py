"""All result frames as one workbook and as Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from khien.draw.content.provenance import illustrative_share
from khien.draw.numbers import percent
from khien.draw.results import Results
from khien.words import t

SHEETS = (
    "roadmap", "refused", "coverage_by_year", "money_by_year", "people_by_quarter", "spend_by", "in_service",
    "choices", "training", "history",
)  # fmt: skip
"""Result frames in the order of the sheets."""


def write(results: Results, folder: Path) -> None:
    """Write ``results.xlsx`` and ``results/<frame>.parquet``.

    Column names are those of the frames, the same in every language, so that programs can read
    them; the first sheet says in both languages what the numbers stand on.
    """
    parquet = folder / "results"
    parquet.mkdir()
    for name in _present(results):
        results.frame(name).write_parquet(parquet / f"{name}.parquet")
    with xlsxwriter.Workbook(str(folder / "results.xlsx"), {"nan_inf_to_errors": True}) as book:
        _about(book, results)
        for name in _present(results):
            _sheet(book, name, results.frame(name))


def _present(results: Results) -> list[str]:
    return [*SHEETS, *(name for name in results.frames if name not in SHEETS)]


def _about(book: Any, results: Results) -> None:
    """Write the sheet that says what the numbers stand on."""
    sheet, plan = book.add_worksheet("about"), results.plan
    bold, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    share = illustrative_share(results.programme)
    lines = [
        (results.programme.settings.title("vi"), results.programme.settings.title("en"), ""),
        *(
            (t(key, "vi"), t(key, "en"), value)
            for key, value in (
                ("draw_version_programme", plan.programme_hash),
                ("draw_version_program", plan.version),
                ("draw_seed", plan.seed),
                ("draw_value", plan.value),
                ("draw_bound", plan.bound),
                ("draw_gap", plan.gap),
                ("draw_illustrative", share),
            )
        ),
    ]
    for row, (vi, en, value) in enumerate(lines):
        style = bold if row == 0 else wrap
        sheet.write_string(row, 0, vi, style)
        sheet.write_string(row, 1, en, style)
        if isinstance(value, float) and value - value == 0:
            sheet.write_number(row, 2, value)
        else:
            sheet.write_string(row, 2, str(value) if not isinstance(value, float) else "–")
    if share:
        sheet.write_string(len(lines) + 1, 0, t("draw_illustrative_text", "vi", share=percent(share, "vi")), wrap)
        sheet.write_string(len(lines) + 1, 1, t("draw_illustrative_text", "en", share=percent(share, "en")), wrap)
    sheet.set_column(0, 1, 44)
    sheet.set_column(2, 2, 70)


def _sheet(book: Any, name: str, frame: pl.DataFrame) -> None:
    """Write one frame: bold frozen heads, a filter, widths that fit."""
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#f4f6f8"})
    whole = book.add_format({"num_format": "#,##0"})
    for i, column in enumerate(frame.columns):
        values = frame[column]
        sheet.write_string(0, i, column, head)
        for j, value in enumerate(values.to_list(), start=1):
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(j, i, value)
            elif isinstance(value, int | float):
                if value - value == 0:  # a bound may be infinite, which a sheet cannot hold
                    sheet.write_number(j, i, value, whole if column.endswith("_mvnd") else None)
            else:
                sheet.write_string(j, i, str(value))
        longest = max((len(str(v)) for v in values.head(300).to_list() if v is not None), default=0)
        sheet.set_column(i, i, min(60, max(len(column) + 3, longest + 2)))
    sheet.freeze_panes(1, 1)
    if len(frame.columns):
        sheet.autofilter(0, 0, max(1, frame.height), len(frame.columns) - 1)
