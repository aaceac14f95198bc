"""What the pages of the watch compute, tried alone: scores, levels, plots, what a file or a ledger says was known."""

from __future__ import annotations

import dataclasses
import math
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.office.watched import NOW, bare, data, watched

from khien.board.charts import watch_form, watch_levels, watch_map, watch_plot, watch_skill
from khien.office.acts import warnings as acts
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.config import Mail
from khien.office.doors.watch import is_by, signature
from khien.office.models import Notice, User
from khien.office.rights import Role
from khien.office.watching import Watch
from khien.programme.tables.records import Indicator
from khien.watch.forecast.ledger import Ledger
from khien.watch.warn import Content

__all__ = ["bare", "data", "watched"]
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def forecasts(rows: list[tuple[str, str, int, float, float]]) -> pl.DataFrame:
    """Model, place, horizon, middle, half width of the outer interval; the inner one is half as wide."""
    found = []
    for model, place, horizon, middle, half in rows:
        for level, step in zip(LEVELS, (-1, -0.5, 0, 0.5, 1), strict=True):
            target = date(2026, 1, 1) + timedelta(days=7 * horizon)
            found.append(("x", place, date(2026, 1, 1), horizon, target, model, level, middle + step * half))
    names = ["indicator", "place", "reference", "horizon", "target", "model", "quantile", "value"]
    return pl.DataFrame(found, schema=names, orient="row")


def truth(rows: list[tuple[str, int, float]]) -> pl.DataFrame:
    told = [(place, date(2026, 1, 1) + timedelta(days=7 * horizon), value) for place, horizon, value in rows]
    return pl.DataFrame(told, schema=["place", "target", "outcome"], orient="row")


def by_hand(outcome: float, values: list[float]) -> float:
    """Mean over the quantiles of twice the pinball loss."""
    parts = [2 * max(q * (outcome - v), (q - 1) * (outcome - v)) for q, v in zip(LEVELS, values, strict=True)]
    return sum(parts) / len(parts)


def test_scores_are_those_of_the_formula_on_shared_tasks() -> None:
    made = forecasts([
        ("ours", "01", 1, 10, 4), ("ours", "04", 1, 20, 4), ("ours", "08", 1, 5, 4),
        ("demo-persistence", "01", 1, 14, 8), ("demo-persistence", "04", 1, 12, 8),
    ])  # fmt: skip
    past = watch_skill.past_of(made, truth([("01", 1, 11), ("04", 1, 25), ("08", 1, 5), ("11", 1, 5)]))
    best, base = watch_skill.skills(past)
    ours = [by_hand(11, [6, 8, 10, 12, 14]), by_hand(25, [16, 18, 20, 22, 24])]
    theirs = [by_hand(11, [6, 10, 14, 18, 22]), by_hand(25, [4, 8, 12, 16, 20])]
    assert (best.model, best.tasks) == ("ours", 2)  # the third task has no baseline, the fourth no forecast
    assert best.wis == pytest.approx(sum(ours) / 2)
    assert best.relative == pytest.approx(sum(ours) / sum(theirs))
    assert (base.model, base.relative) == ("demo-persistence", pytest.approx(1))
    assert (best.cover50, best.cover95) == (0.5, 0.5)
    assert [place for place, _ in watch_skill.worse_places(past, "demo-persistence")] == ["01", "04"]
    assert watch_skill.table(past).filter(pl.col("place") == "08")["relative_wis"].to_list() == [None]


def test_forecasts_with_other_quantiles_are_left_out_and_counted() -> None:
    made = forecasts([("a", "01", 1, 1, 1), ("a", "04", 1, 1, 1), ("b", "01", 1, 1, 1)])
    made = made.filter(~((pl.col("model") == "b") & (pl.col("quantile") == 0.25)))
    past = watch_skill.past_of(made, truth([("01", 1, 1), ("04", 1, 1)]))
    assert (past.skipped, past.tasks["model"].unique().to_list()) == (1, ["a"])
    nothing = watch_skill.past_of(made, truth([("99", 1, 1)]))
    assert watch_skill.skills(nothing) == []


def test_a_model_that_is_never_off_has_no_score_to_divide_by() -> None:
    past = watch_skill.past_of(forecasts([("persistence", "01", 1, 5, 0)]), truth([("01", 1, 5)]))
    assert watch_skill.skills(past)[0].relative is None


def indicator(**more: Any) -> Indicator:
    told = {
        "id": "rain-24h", "name_vi": "Mưa", "name_en": "Rain", "unit": "mm", "frequency": "day",
        "place_level": "province", "level_rule": "Quyết định 18/2021/QĐ-TTg, Điều 44", "owner": "Trực ban",
    }  # fmt: skip
    return Indicator(**told | more)


def test_a_rule_is_found_by_its_law_and_article_and_by_nothing_else() -> None:
    assert watch_levels.rule_of(indicator()) == watch_levels.Rule("rain", "rain_24h_mm")
    assert watch_levels.rule_of(indicator(id="wind-beaufort", level_rule="Decision 18/2021/QĐ-TTg Art. 42")) == (
        watch_levels.Rule("storm", "beaufort")
    )
    for more in ({"level_rule": None}, {"level_rule": "Điều 44"}, {"id": "rain"}, {"level_rule": "18/2021, Điều 99"}):
        assert watch_levels.rule_of(indicator(**more)) is None
    disease = indicator(id="dengue", unit="ca", frequency="month", level_rule="Thông tư 15/2026/TT-BYT")
    assert watch_levels.rule_of(disease) == watch_levels.Rule(monthly=True)


def test_levels_and_where_they_begin_agree() -> None:
    rule = watch_levels.Rule("rain", "rain_24h_mm")
    edges = dict(watch_levels.thresholds(rule, "42", {}, date(2026, 11, 1)))
    assert list(edges.values()) == sorted(edges.values())
    for name, value in edges.items():
        assert (watch_levels.judged(rule, "42", value + 0.01, {}, 2026).high or 0) >= int(name)
        assert (watch_levels.judged(rule, "42", value - 0.01, {}, 2026).high or 0) < int(name)
    assert watch_levels.judged(rule, "42", 0, {}, 2026).high == 0
    assert watch_levels.judged(rule, "42", -5, {}, 2026) == watch_levels.Verdict()  # no such rain: no answer, no fault


def test_a_disease_is_judged_by_the_same_month_of_five_years() -> None:
    rule = watch_levels.Rule(monthly=True)
    past: dict[int, int | None] = {2021: 10, 2022: 12, 2023: 14, 2024: 16, 2025: 18}
    mean, sd = 14.0, math.sqrt(10)
    states = [watch_levels.judged(rule, "79", mean + n * sd + 0.6, past, 2026).state for n in (0, 1, 2)]
    assert states == ["none", "warning", "epidemic"]
    lines = watch_levels.thresholds(rule, "79", past, date(2026, 5, 1))
    assert lines == [("warning", pytest.approx(mean + sd)), ("epidemic", pytest.approx(mean + 2 * sd))]
    few = watch_levels.judged(rule, "79", 100, {2025: 1}, 2026)
    assert (few.state, few.raised) == ("unknown", False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e9, allow_nan=False), min_size=1, max_size=40),
    st.booleans(), st.integers(1, 4000), st.sampled_from(["vi", "en"]),
)  # fmt: skip
def test_every_plot_is_sound_and_keeps_to_its_edges(values: list[float], narrow: bool, every: int, lang: str) -> None:
    days = [date(1990, 1, 1) + timedelta(days=every * n % 30000) for n in range(len(values))]
    xs = (float(min(days).toordinal()), float(max(days).toordinal()))
    plot = watch_plot.Plot(lang, narrow, xs, (min(values), max(values)), "mm & <b>", "a < b")
    plot.line(list(zip(days, values, strict=True)), "#000000")
    plot.levels([("one", values[0]), ("two", values[-1])])
    plot.key(watch_plot.stroke("#000000", form="diamond"), "a long name of something & more")
    root = ET.fromstring(plot.svg())
    width = float(root.get("width", "0"))
    numbers = [float(x) for node in root.iter() for x in (node.get("x"),) if x is not None]
    assert all(-1 <= x <= width + 1 for x in numbers)
    assert 2 <= len(plot._values()) <= 12
    points = next(node.get("points", "") for node in root.iter() if node.tag.endswith("polyline"))
    assert all(0 <= float(pair.split(",")[1]) <= plot.tall for pair in points.split())


def test_the_map_escapes_what_it_is_told() -> None:
    svg = watch_map.drawn({"01": watch_map.Mark("3", "3", '"<script>')}, '<b>"', "a & b")
    assert len(ET.fromstring(svg)) > 30
    assert "<script" not in svg


def test_forms_read_numbers_and_times_as_people_write_them() -> None:
    assert watch_form.share("70") == watch_form.share("70 %") == 0.7
    assert watch_form.share("12,5") == 0.125
    assert watch_form.share(" ") is None
    assert watch_form.moment("2026-09-15T16:00").astimezone(UTC) == datetime(2026, 9, 15, 9, tzinfo=UTC)
    for wrong in ("", "soon", "2026-13-01T00:00"):
        with pytest.raises(Trouble):
            watch_form.moment(wrong)
    content = Content("storm", 3, ("31",), NOW, NOW + timedelta(hours=4), "Bão", "Storm", probability=0.7)
    fields = watch_form.fields_of(content)
    assert (fields["probability"], fields["level"], fields["areas"]) == ("70", "3", ["31"])


def test_names_in_the_journal_are_people_by_the_number_of_their_account() -> None:
    one, two = User(pk=3, name="Nguyễn An"), User(pk=4, name="Nguyễn An")
    assert is_by(one, signature(one))
    assert not is_by(two, signature(one))
    assert is_by(User(pk=3, name="Nguyễn Bình"), signature(one))
    assert is_by(one, "nguyễn an ")
    assert not is_by(one, "Trực ban")


def test_who_approves_gets_a_mail_when_something_is_proposed(
    watched: Watch, actor: Callable[..., Actor], settings: Any
) -> None:
    told = Mail("127.0.0.1", 1, "", "", "", "office@khien.example")
    settings.CONFIG = dataclasses.replace(settings.CONFIG, mail=told, url="https://khien.example")
    desk = watched.desk()
    assert desk is not None
    some = next(iter(desk.warnings.values())).content
    later = NOW + timedelta(hours=9)
    made = acts.propose(
        actor(Role.DUTY_OFFICER), dataclasses.replace(some, onset=NOW, expires=later, areas=("01",)), "look"
    )
    notices = Notice.objects.filter(act="warning.propose")
    assert [n.to.email for n in notices if n.to] == ["warning-approver@example.vn"]
    assert (notices[0].content or {})["path"] == f"/watch/desk/{made}/"


def test_a_promise_counts_from_the_day_on_which_it_was_made(
    bare: Watch, data: Path, visit: Callable[..., Client]
) -> None:
    shutil.copytree(data, bare.folder)
    made = bare.forecasts("rain-24h").filter(pl.col("model") == "demo-ensemble")
    made = made.filter(pl.col("reference") == pl.col("reference").min())
    made = made.with_columns(value=pl.lit(777.25), model=pl.lit("promised")).drop("issued", "added")
    issued = NOW - timedelta(days=20)
    Ledger(bare.folder / "promises").add(made, issued=issued, data="0" * 64)
    kept = bare.forecasts("rain-24h").filter(pl.col("model") == "promised")
    assert (kept.height, kept["value"].unique().to_list()) == (made.height, [777.25])
    browser = visit(Role.VIEWER)
    path = "/watch/indicators/rain-24h/"

    def told(back: int, basis: str) -> bool:
        day = (NOW - timedelta(days=back)).date()
        return b"promised" in browser.get(f"{path}?day={day}&basis={basis}").content

    assert [told(22, "issued"), told(18, "issued"), told(18, "received")] == [False, True, False]
    assert b"promised" in browser.get(path).content


def test_damaged_files_are_named_and_nothing_falls_over(watched: Watch, visit: Callable[..., Client]) -> None:
    browser = visit(Role.VIEWER)
    broken = watched.folder / "forecasts" / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    answer = browser.get("/watch/indicators/rain-24h/")
    assert answer.status_code == 409
    assert b"broken.parquet" in answer.content
    assert browser.get("/watch/").status_code == 200
    broken.unlink()
    assert browser.get("/watch/indicators/rain-24h/").status_code == 200
    (watched.folder / "observations" / "store.json").write_text("{}")
    answer = browser.get("/watch/")
    assert answer.status_code == 409
    assert b"cannot be read" in answer.content


def test_forecasts_of_few_quantiles_are_shown_as_they_are(
    bare: Watch, data: Path, visit: Callable[..., Client]
) -> None:
    shutil.copytree(data, bare.folder)
    few = bare.forecasts("rain-24h").filter(pl.col("quantile") == 0.5).with_columns(model=pl.lit("only-median"))
    few.with_columns(value=pl.lit(np.float64(3))).write_parquet(bare.folder / "forecasts" / "few.parquet")
    browser = visit(Role.VIEWER)
    for path in ("", "fan.vi.wide.svg", "past.en.narrow.svg", "past.csv"):
        assert browser.get(f"/watch/indicators/rain-24h/{path}?model=only-median&place=42").status_code in (200, 404)
