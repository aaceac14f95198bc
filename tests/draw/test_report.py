from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import re
from pathlib import Path

import openpyxl
import polars as pl
import pypdf
import pytest
from polars.testing import assert_frame_equal
from tests.draw.fake import fake_results

import khien
from khien.draw import paper, write_report, write_results
from khien.draw import report as report_module
from khien.draw.blocks import Fold, Text, figures
from khien.draw.content import sections
from khien.draw.page import MOST_BYTES
from khien.draw.paper import PaperError
from khien.draw.results import Results
from khien.draw.tables import SHEETS
from khien.plan.frames import PlanMismatch
from khien.words import catalogue

pytestmark = pytest.mark.slow


def text_of(html: str) -> str:
    """What a page says, without style, script and numbers inside."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", html, flags=re.DOTALL)
    body = re.sub(r'href="data:[^"]*"', "", body)
    return re.sub(r"<[^>]+>", " ", body)


@pytest.fixture(scope="module", params=["vi", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def html(report: Path, lang: str) -> str:
    return (report / f"report.{lang}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def printed(report: Path, lang: str) -> list[str]:
    """What each page of the PDF says: to read that out takes seconds."""
    return [page.extract_text() for page in pypdf.PdfReader(report / f"report.{lang}.pdf").pages]


def test_a_report_has_all_its_files(report: Path) -> None:
    names = {path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()}
    assert {"report.vi.html", "report.en.html", "report.vi.pdf", "report.en.pdf", "results.xlsx"} <= names
    assert {f"results/{name}.parquet" for name in SHEETS} <= names
    charts = {name for name in names if name.startswith("charts/")}
    assert {"charts/coverage.csv", "charts/coverage.vi.svg", "charts/coverage.en.svg"} <= charts
    assert not [path for path in report.parent.iterdir() if path.name.startswith(".report")]


def test_the_page_is_small_enough_and_asks_nobody(html: str) -> None:
    assert len(html.encode()) < MOST_BYTES
    outside = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    addresses = set(re.findall(r"https?://[^\s\"'<>)\\]+", outside))
    assert {a for a in addresses if not a.startswith(("http://www.w3.org/", "https://vega.github.io/schema/"))} == set()
    loads = re.findall(r"(?:src|href|action|data)=\"([^\"#]{0,40})", outside)
    assert {load for load in loads if not load.startswith("data:")} <= {""}
    assert "@import" not in html
    assert not re.search(r"<[^>]+\son\w+=", outside), "handlers in attributes are blocked"
    assert not re.search(r"<[^>]+\sstyle=", outside), "styles in attributes are blocked"


def test_the_policy_allows_exactly_the_script_and_the_style_that_are_there(html: str) -> None:
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    assert found
    policy = found[1].replace("&#x27;", "'")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", html, flags=re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy


def test_every_chapter_and_figure_is_in_page_and_paper(
    html: str, lang: str, printed: list[str], results: Results
) -> None:
    paper_says = re.sub(r"\s+", " ", " ".join(printed))
    for chapter in sections(results, lang):
        assert f'id="{chapter.id}"' in html
        assert chapter.title in text_of(html)
        assert chapter.title in paper_says
        for figure in figures(chapter.blocks):
            assert f'id="fig-{figure.id}"' in html
            assert figure.title in paper_says, figure.id


def test_no_key_is_shown_in_place_of_a_word(html: str, lang: str) -> None:
    said = text_of(html)
    assert not re.search(r"\bdraw_[a-z]", said)
    other = "en" if lang == "vi" else "vi"
    title = catalogue()["draw_first_steps"]
    assert title[lang] in said
    assert title[other] not in said
    assert "None" not in said
    assert "nan" not in said.split()


def test_every_figure_says_version_seed_and_status(html: str, results: Results) -> None:
    lines = re.findall(r'<p class="under"><span>(.*?)</span>', html)
    assert len(lines) == html.count("<figure id=")
    assert all(results.programme.hash[:12] in line for line in lines)


def test_illustrative_data_is_said_first(html: str) -> None:
    headline = html[html.index('<section id="headline"') :]
    assert headline.index('class="notice"') < headline.index('class="facts"')


def test_the_numbers_behind_each_picture_are_inside_the_page_and_beside_it(html: str, report: Path) -> None:
    links = dict(re.findall(r'download="([\w-]+)\.csv" href="data:text/csv;base64,([^"]+)"', html))
    assert len(links) == html.count("<figure id=") - html.count('<p class="nothing">') + html.count(
        "<figure><figcaption>"
    )
    for name, data in links.items():
        assert base64.b64decode(data) == (report / "charts" / f"{name}.csv").read_bytes()
    told = pl.read_csv(report / "charts" / "spend-form.csv")
    assert told.columns == ["kind", "key", "year", "amount_mvnd"]


def test_pictures_are_there_without_a_script(html: str) -> None:
    figures_with_data = html.count("data-figure=")
    assert html.count('<div class="still wide"><svg') == figures_with_data
    assert html.count('<div class="still narrow"><svg') == figures_with_data


def test_the_definitions_for_the_script_are_whole(html: str) -> None:
    found = re.search(r'<script type="application/json" id="pictures">(.*?)</script>', html, flags=re.DOTALL)
    assert found
    held = json.loads(found[1])
    assert len(held["specs"]) == html.count("data-figure=")
    for spec in held["specs"].values():
        for size in ("wide", "narrow"):
            assert set(spec[size]["datasets"]) <= set(held["rows"])


def test_the_pdf_is_tagged_and_speaks_the_language(
    report: Path, lang: str, printed: list[str], results: Results
) -> None:
    reader = pypdf.PdfReader(report / f"report.{lang}.pdf")
    assert reader.metadata is not None
    assert reader.metadata.title == results.programme.settings.title(lang)
    root = reader.trailer["/Root"].get_object()
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == lang
    text = " ".join(printed)
    if lang == "vi":
        for words in ("Mức tự chủ", "Dự án không được chọn", "Lộ trình", "tỷ đồng"):
            assert words in text
    wide = [page for page in reader.pages if page.mediabox.width > page.mediabox.height]
    assert wide, "the roadmap lies across"


def test_a_missing_font_is_a_failure_and_not_a_warning(
    results: Results, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paper.fonts, "folder", lambda: tmp_path)
    with pytest.raises(PaperError, match="font"):
        paper.paper(results, "vi", sections(results, "vi")[:2], {}, "status")


def test_workbook_and_parquet_hold_the_frames(report: Path, results: Results) -> None:
    book = openpyxl.load_workbook(report / "results.xlsx", read_only=True)
    others = [name for name in results.frames if name not in SHEETS]
    assert {"mastery", "chain", "failures", "pairs", "leaving"} <= set(others)
    assert book.sheetnames == ["about", *SHEETS, *others]
    for name in (*SHEETS, *others):
        frame = results.frame(name)
        assert_frame_equal(pl.read_parquet(report / "results" / f"{name}.parquet"), frame)
        rows = list(book[name].iter_rows(values_only=True))
        assert list(rows[0]) == frame.columns
        assert len(rows) == frame.height + 1 or (frame.height == 0 and len(rows) <= 2)
    about = [cell for row in book["about"].iter_rows(values_only=True) for cell in row]
    assert results.plan.programme_hash in about


def test_an_empty_plan_gives_a_sane_report(tmp_path: Path) -> None:
    empty = fake_results(0)
    unbounded = dataclasses.replace(empty, plan=dataclasses.replace(empty.plan, bound=math.inf))
    write_results(unbounded, tmp_path / "r", "en")
    html = (tmp_path / "r" / "report.en.html").read_text(encoding="utf-8")
    assert "The plan chooses no project" in html
    assert "No project is chosen." in html
    assert "No bound is known for this plan" in html
    assert "inf" not in text_of(html).split()
    assert '<p class="nothing">' in html
    assert len(pypdf.PdfReader(tmp_path / "r" / "report.en.pdf").pages) >= 5


def test_a_failure_leaves_the_folder_as_it_was(
    tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.vi.html").write_text("old", encoding="utf-8")
    (folder / "plan.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(report_module, "draw_all", lambda chapters, lang, tell: {})

    def fail(*_: object) -> bytes:
        raise PaperError("no paper")

    monkeypatch.setattr(report_module, "paper", fail)
    with pytest.raises(PaperError):
        write_results(results, folder, "vi")
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert {path.name for path in folder.iterdir()} == {"report.vi.html", "plan.json"}
    assert (folder / "report.vi.html").read_text(encoding="utf-8") == "old"


def test_a_move_that_fails_half_way_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, target = tmp_path / "draft", tmp_path / "out"
    for folder in (draft, target):
        folder.mkdir()
        for name in ("a.html", "b.pdf"):
            (folder / name).write_text(folder.name, encoding="utf-8")
    real = report_module.os.replace

    def replace(source: Path, to: Path) -> None:
        if source == draft / "b.pdf":
            raise OSError("disk is full")
        real(source, to)

    monkeypatch.setattr(report_module.os, "replace", replace)
    with pytest.raises(OSError, match="full"):
        report_module._put(draft, target)
    assert {p.name: p.read_text(encoding="utf-8") for p in target.iterdir()} == {
        "a.html": "out",
        "b.pdf": "out",
    }
    assert not list(tmp_path.glob(".out-old-*"))


def test_other_files_of_the_folder_are_left_alone(
    tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plan.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(report_module, "draw_all", lambda chapters, lang, tell: {})
    monkeypatch.setattr(report_module, "paper", lambda *_: b"%PDF")
    for _ in range(2):
        write_results(results, tmp_path, "vi")
    assert (tmp_path / "plan.json").read_text(encoding="utf-8") == "{}"
    assert (tmp_path / "results" / "roadmap.parquet").is_file()


def test_progress_goes_from_nothing_to_everything(
    tmp_path: Path, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "_picture", lambda figure, lang: None)
    monkeypatch.setattr(report_module, "_write_pictures", lambda *_: None)
    monkeypatch.setattr(report_module, "_write_numbers", lambda *_: None)
    monkeypatch.setattr(report_module, "page", lambda *_: "")
    monkeypatch.setattr(report_module, "paper", lambda *_: b"")
    told: list[float] = []
    write_results(results, tmp_path / "r", "both", lambda share, what: told.append(share))
    assert told == sorted(told)
    assert told[0] == 0.0
    assert told[-1] == 1.0


def test_an_unknown_language_is_refused_before_any_work(tmp_path: Path, results: Results) -> None:
    with pytest.raises(ValueError, match="vi, en or both"):
        write_results(results, tmp_path / "r", "fr")
    assert not (tmp_path / "r").exists()


def test_the_plan_must_stand_on_this_version_of_the_programme(tmp_path: Path, island: Path) -> None:
    programme = khien.read(island)
    with pytest.raises(PlanMismatch):
        write_report(programme, fake_results(1).plan, tmp_path / "r", "en")


def test_every_project_that_has_a_reason_has_a_page(results: Results) -> None:
    projects = [*results.frame("roadmap")["project"].to_list()[:2], results.frame("refused")["project"][0]]
    reasons = pl.DataFrame(
        {
            "project": projects,
            "reason_vi": ["một", "hai", "ba"],
            "reason_en": ["one", None, "three"],
            "gain": 0.1,
        }
    )
    told = dataclasses.replace(results, frames={**results.frames, "reasons": reasons})
    chapters = {chapter.id: chapter for chapter in sections(told, "en")}
    groups = [block for block in chapters["why"].blocks if isinstance(block, Fold)]
    pages = [page for group in groups for page in group.blocks if isinstance(page, Fold)]
    said = {page.id: [block.text for block in page.blocks if isinstance(block, Text)] for page in pages}
    assert set(said) == {f"why-project-{projects[0]}", f"why-project-{projects[2]}"}
    assert "one" in said[f"why-project-{projects[0]}"]
    assert "three" in said[f"why-project-{projects[2]}"]
    assert "khien explain" not in chapters["refused"].lead
    assert "why" not in {chapter.id for chapter in sections(results, "en")}
