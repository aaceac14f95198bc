"""The report on paper: the same blocks as the page, set by Typst with the font we carry."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import typst

from khien.draw import fonts, stills
from khien.draw.blocks import Block, Code, Draw, Facts, Figure, Fold, Notice, Pairs, Section, Table, Text
from khien.draw.page.layout import Picture
from khien.draw.results import Results
from khien.draw.theme import WIDE
from khien.words import t

PORTRAIT_PX = 720
"""Width for which pictures on an upright page are drawn."""

WIDEST_UPRIGHT = 7
"""Tables with more columns are printed across a wide page."""

WHOLE_SENTENCE = 60
"""In a table of few columns, one whose texts have more letters on average holds sentences and gets more room."""

FEW_COLUMNS = 3


class PaperError(RuntimeError):
    """Typst warned or failed; a report with a missing font or letter is not handed out."""


def paper(
    results: Results, lang: str, sections: Sequence[Section], pictures: Mapping[str, Picture], status: str
) -> bytes:
    """Return the report as a tagged PDF (PDF/UA-1), A4, wide charts across.

    Parameters
    ----------
    pictures
        Pictures by figure, as drawn for the page; those printed across a page are used again.
    status
        The line that stands under every figure.

    Raises
    ------
    PaperError
        When anything is not as it should be: a warning, such as a missing font, is a failure.
    """
    with tempfile.TemporaryDirectory(prefix="khien-paper-") as folder:
        root = Path(folder)
        told = Teller(root, lang, pictures)
        settings = results.programme.settings
        report = {
            "lang": lang,
            "title": settings.title(lang),
            "kind": t("draw_report", lang),
            "horizon": t("draw_horizon", lang, first=results.years[0], last=results.years[1], base=settings.base_year),
            "status": status,
            "contents": t("draw_contents", lang),
            "footer": t("draw_footer", lang, version=results.plan.version),
            "page_of": t("draw_page_of", lang, page="{page}", pages="{pages}"),
            "flag": t("draw_not_verified", lang),
            "sections": [told.section(section) for section in sections],
        }
        (root / "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
        with resources.as_file(resources.files(__name__) / "report.typ") as template:
            shutil.copy(template, root / "report.typ")
        return _set(root)


def widths(table: Table) -> list[float]:
    """Return how wide columns are against each other, so that long texts wrap and short ones do not."""
    shares = []
    for i, head in enumerate(table.columns):
        longest = max((len(row[i]) for row in table.rows), default=0)
        word = max((len(word) for word in head.split()), default=1)
        average = sum(len(row[i]) for row in table.rows) / max(1, len(table.rows))
        sentences = average > WHOLE_SENTENCE and len(table.columns) <= FEW_COLUMNS
        most = 18 if i not in table.wide else 90 if sentences else 34
        letters = min(most, max(longest, word, 4))
        shares.append(1.3 * letters + 4 if letters <= 12 else letters + 3.0)
    return shares


def _set(root: Path) -> bytes:
    """Return the PDF that Typst makes of the files in a folder."""
    try:
        made = typst.compile_with_warnings(
            str(root / "report.typ"),
            root=str(root),
            font_paths=[str(fonts.folder())],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=0,
        )
    except typst.TypstError as error:
        raise PaperError(f"the PDF could not be set: {error}") from error
    data, warnings = made
    if warnings:
        raise PaperError("the PDF was set with warnings: " + "; ".join(str(w.message) for w in warnings))
    return bytes(data)


class Teller:
    """Turns blocks into plain values that the Typst template reads, and pictures into files."""

    def __init__(self, root: Path, lang: str, pictures: Mapping[str, Picture]) -> None:
        self.root, self.lang, self.pictures = root, lang, pictures

    def section(self, section: Section) -> dict[str, Any]:
        """Return a chapter."""
        blocks = [told for block in section.blocks for told in self.block(block)]
        return {"title": section.title, "lead": section.lead, "blocks": blocks}

    def block(self, block: Block) -> list[dict[str, Any]]:
        """Return what a block says; a fold is opened."""
        match block:
            case Text(text, quiet):
                return [{"kind": "note" if quiet else "text", "text": text}]
            case Notice(title, text):
                return [{"kind": "notice", "title": title, "text": text}]
            case Facts(facts):
                return [{"kind": "facts", "facts": [[f.label, f.value, f.hint] for f in facts]}]
            case Pairs(pairs):
                return [{"kind": "pairs", "pairs": [list(pair) for pair in pairs]}]
            case Code(text):
                return [{"kind": "code", "text": text}]
            case Table():
                return [self._table(block)]
            case Fold():
                return self._opened(block)
            case Figure():
                return [self._figure(block)]

    def _opened(self, fold: Fold) -> list[dict[str, Any]]:
        """A fold of pictures gives them its name; any other gets a line above what it holds."""
        pictures = all(isinstance(inner, Figure) for inner in fold.blocks)
        named = {"title": fold.title, "detail": fold.detail}
        inside = [
            told | (named if pictures else {"inner": True}) for inner in fold.blocks for told in self.block(inner)
        ]
        return inside if pictures else [{"kind": "head", **named}, *inside]

    def _table(self, table: Table) -> dict[str, Any]:
        return {
            "kind": "table",
            "title": table.title,
            "columns": list(table.columns),
            "rows": [list(row) for row in table.rows],
            "numeric": sorted(table.numeric),
            "widths": widths(table),
            "empty": table.empty,
            "landscape": len(table.columns) > WIDEST_UPRIGHT and bool(table.rows),
        }

    def _figure(self, figure: Figure) -> dict[str, Any]:
        told: dict[str, Any] = {
            "kind": "figure",
            "title": figure.title,
            "note": figure.note,
            "alt": figure.alt,
            "detail": "",
            "half": figure.half,
            "landscape": figure.landscape,
            "empty": t("draw_nothing_to_show", self.lang),
            "images": [],
        }
        if figure.draw is None:
            told["landscape"] = False
        elif figure.landscape:
            whole = [self.pictures[figure.id].wide]
            parts = whole if len(figure.parts) <= 1 else [self._drawn(draw, WIDE) for draw in figure.parts]
            told["images"] = [self._file(f"{figure.id}-{i}", part) for i, part in enumerate(parts)]
        else:
            width = PORTRAIT_PX // 2 - 20 if figure.half else PORTRAIT_PX
            told["images"] = [self._file(figure.id, self._drawn(figure.draw, width))]
        return told

    def _drawn(self, draw: Draw, width: int) -> str:
        return stills.svg_of(stills.spec_of(draw, width), self.lang)

    def _file(self, name: str, svg: str) -> dict[str, Any]:
        """Write a picture and return its name and size in px."""
        (self.root / f"{name}.svg").write_text(svg, encoding="utf-8")
        width, height = stills.size(svg)
        return {"path": f"{name}.svg", "width": width, "height": height}
