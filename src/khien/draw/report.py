"""Writing a whole report: page, PDF, workbook, frames, and every picture with its numbers."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path

import polars as pl
from altair.utils import schemapi

from khien.draw import stills, tables
from khien.draw.asides import Aside
from khien.draw.blocks import Figure, Section, figures
from khien.draw.content import sections
from khien.draw.content.provenance import status_line
from khien.draw.page import page, warm
from khien.draw.page.layout import Picture
from khien.draw.paper import paper
from khien.draw.results import Results, collect
from khien.draw.theme import NARROW, WIDE
from khien.plan.result import Plan
from khien.programme import Programme
from khien.words import t

LOOK = 0.2  # seconds between two tellings of how far the languages are
Progress = Callable[[float, str], None]
"""Gets the share that is done (0-1) and what is being done, in the first language of the report."""


def write_report(
    programme: Programme,
    plan: Plan,
    folder: str | os.PathLike[str],
    lang: str = "vi",
    progress: Progress | None = None,
    reasons: pl.DataFrame | None = None,
    asides: Sequence[Aside] = (),
) -> list[Path]:
    """Write the report of a plan into a folder.

    ``report.<lang>.html`` (one file, asks nobody for anything), ``report.<lang>.pdf``,
    ``results.xlsx`` and ``results/*.parquet`` with every result frame, ``charts/`` with each
    picture as SVG and the numbers behind it as CSV. Other files of the folder are left alone.

    Parameters
    ----------
    programme, plan
        What to report; the plan must have been made from this version of the programme.
    folder
        Where to; made when missing.
    lang
        ``vi``, ``en`` or ``both``.
    progress
        Told how far the work is.
    reasons
        Why each project was chosen or refused, as ``khien explain`` says it: project, and texts in
        columns that end in ``_vi`` and ``_en``. Left out, the report names the command instead.
    asides
        Saved answers of other commands about the same plan: see `read_stress`, `read_frontier`, `read_reasons`. What
        is left out has no chapter; one line names the command that makes it.

    Returns
    -------
    list of Path
        What was written, the page first.

    Raises
    ------
    PlanMismatch
        When the plan stands on another version of the programme.
    ValueError
        When ``lang`` is none of the three.
    OSError
        When writing fails; the folder is then as it was before.
    """
    languages = _languages(lang)
    tell = progress or (lambda share, what: None)
    tell(0.0, t("draw_progress_gather", languages[0]))
    return write_results(collect(programme, plan, reasons, asides), folder, lang, progress)


def write_results(
    results: Results, folder: str | os.PathLike[str], lang: str = "vi", progress: Progress | None = None
) -> list[Path]:
    """Write a report from frames that are already made; see :func:`write_report`."""
    languages = _languages(lang)
    tell = progress or (lambda share, what: None)
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write_languages(results, draft, languages, tell)
        tell(0.92, t("draw_progress_tables", languages[0]))
        tables.write(results, draft)
        written = _put(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    tell(1.0, t("draw_progress_done", languages[0]))
    return written


def _write_languages(results: Results, folder: Path, languages: Sequence[str], tell: Progress) -> None:
    """Write all languages at once: while one waits for the renderer, which lets others go on, the other is laid out."""
    tell(0.0, t("draw_progress_pictures", languages[0]))
    stills.prepare()
    warm()
    together = _Together(languages)
    (folder / "charts").mkdir()
    with schemapi.debug_mode(False), ThreadPoolExecutor(len(languages)) as threads:
        jobs = [threads.submit(_write_language, results, folder, lang, together.of(lang)) for lang in languages]
        try:
            left = set(jobs)
            while left:
                done, left = wait(jobs, LOOK, FIRST_EXCEPTION)
                for job in done:
                    job.result()
                tell(0.9 * together.share, together.what)
        except BaseException:
            together.stop = True
            raise


class _Together:
    """How far languages are that are written at once. Whoever waits for them tells it, in the thread that asked."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.stop, self.what = False, t("draw_progress_pictures", languages[0])
        self.shares = dict.fromkeys(languages, 0.0)

    @property
    def share(self) -> float:
        """Of all languages together."""
        return sum(self.shares.values()) / len(self.shares)

    def of(self, lang: str) -> Progress:
        """Return the progress of one language; it ends the work when another has failed."""
        first = next(iter(self.shares))

        def tell(share: float, what: str) -> None:
            if self.stop:
                raise RuntimeError("another language failed")
            self.shares[lang] = share
            if lang == first:
                self.what = what

        return tell


def _languages(lang: str) -> tuple[str, ...]:
    if lang == "both":
        return ("vi", "en")
    if lang not in ("vi", "en"):
        raise ValueError(f"the language of a report is vi, en or both, not {lang!r}")
    return (lang,)


def _part(tell: Progress, start: float, size: float) -> Progress:
    """Return a progress that fills only a part of the whole."""
    return lambda share, what: tell(start + size * share, what)


def _write_language(results: Results, folder: Path, lang: str, tell: Progress) -> None:
    """Write page, PDF and pictures of one language."""
    chapters, status = sections(results, lang), status_line(results, lang)
    pictures = draw_all(chapters, lang, _part(tell, 0.0, 0.6))
    _write_pictures(folder / "charts", lang, pictures, status)
    _write_numbers(folder / "charts", lang, pictures)
    tell(0.6, t("draw_progress_page", lang))
    (folder / f"report.{lang}.html").write_text(page(results, lang, chapters, pictures, status), encoding="utf-8")
    tell(0.65, t("draw_progress_pdf", lang))
    (folder / f"report.{lang}.pdf").write_bytes(paper(results, lang, chapters, pictures, status))


def _write_pictures(folder: Path, lang: str, pictures: dict[str, Picture], status: str) -> None:
    """Write each picture as SVG."""
    for name, picture in pictures.items():
        (folder / f"{name}.{lang}.svg").write_text(stills.captioned(picture.wide, status), encoding="utf-8")


def _write_numbers(folder: Path, lang: str, pictures: dict[str, Picture]) -> None:
    """Write the numbers behind each picture as CSV: the same in every language, and put there whole by each."""
    for name, picture in pictures.items():
        draft = folder / f".{name}.{lang}"
        draft.write_text(picture.csv, encoding="utf-8-sig")
        os.replace(draft, folder / f"{name}.csv")


def draw_all(chapters: Iterable[Section], lang: str, tell: Progress) -> dict[str, Picture]:
    """Draw every figure that has something to show, by its id."""
    found = [f for chapter in chapters for f in figures(chapter.blocks) if f.draw is not None]
    pictures = {}
    for i, figure in enumerate(found):
        tell(i / len(found), t("draw_progress_pictures", lang))
        pictures[figure.id] = _picture(figure, lang)
    return pictures


def _picture(figure: Figure, lang: str) -> Picture:
    if figure.draw is None:
        raise ValueError(f"figure {figure.id} has nothing to draw")
    wide, narrow = stills.spec_of(figure.draw, WIDE), stills.spec_of(figure.draw, NARROW)
    return Picture(stills.svg_of(wide, lang), stills.svg_of(narrow, lang), wide, narrow, figure.data.write_csv())


def _put(draft: Path, target: Path) -> list[Path]:
    """Move finished files into place; a failure puts the old ones back."""
    names = sorted((p.name for p in draft.iterdir()), key=lambda n: (not n.endswith(".html"), n))
    if not target.exists():
        draft.chmod(0o755)
        os.replace(draft, target)
        return [target / name for name in names]
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    moved: list[tuple[str, bool]] = []
    try:
        for name in names:
            had = (target / name).exists()
            if had:
                os.replace(target / name, old / name)
            moved.append((name, had))
            os.replace(draft / name, target / name)
    except OSError:
        for name, had in reversed(moved):
            if (target / name).exists():
                os.replace(target / name, draft / name)
            if had:
                os.replace(old / name, target / name)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
    return [target / name for name in names]
