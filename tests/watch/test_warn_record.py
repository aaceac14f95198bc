"""Hits, misses, false alarms and lead time; who was reached; feeds that fell silent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from khien.watch.warn import acts
from khien.watch.warn.content import Content
from khien.watch.warn.findings import WarnError
from khien.watch.warn.journal import Journal
from khien.watch.warn.reach import reach
from khien.watch.warn.silence import Feed, alarms
from khien.watch.warn.states import desk
from khien.watch.warn.statistics import Contingency, Event, tally, wilson

NOW = datetime(2026, 9, 14, 3, 0, tzinfo=UTC)
END = NOW + timedelta(days=9)
WHO, BOSS = "Trực ban Đà Nẵng", "Chánh Văn phòng"


def hours(n: float) -> datetime:
    return NOW + timedelta(hours=n)


def test_finleys_tornadoes() -> None:
    """The table of 1884 that every textbook scores: 28 hits, 72 false alarms, 23 misses, 2,680 quiet."""
    table = Contingency(28, 72, 23, 2680)
    assert table.pod == pytest.approx(0.549, abs=5e-4)
    assert table.far == pytest.approx(0.720, abs=5e-4)
    assert table.csi == pytest.approx(0.228, abs=5e-4)
    assert table.ets == pytest.approx(0.216, abs=5e-4)
    assert table.bias == pytest.approx(1.961, abs=5e-4)
    told = table.to_dict()
    assert told["pod_95"] == pytest.approx((0.414, 0.677), abs=2e-3)


def test_scores_of_nothing_are_unknown_and_not_zero() -> None:
    empty = Contingency(0, 0, 0)
    assert (empty.pod, empty.far, empty.csi, empty.ets, empty.bias) == (None,) * 5
    assert Contingency(0, 0, 0, 0).ets is None
    assert Contingency(1, 0, 0, None).ets is None
    assert wilson(0, 0) is None


counts = st.integers(0, 500)


@given(a=counts, b=counts, c=counts, d=counts)
def test_laws_of_the_scores(a: int, b: int, c: int, d: int) -> None:
    table = Contingency(a, b, c, d)
    for score in (table.pod, table.far, table.csi):
        assert score is None or 0 <= score <= 1
    if table.csi is not None and table.ets is not None:
        assert -1 / 3 - 1e-9 <= table.ets <= table.csi + 1e-9
    perfect = Contingency(a + 1, 0, 0, d + 1)
    assert (perfect.pod, perfect.far, perfect.csi, perfect.ets) == (1, 0, 1, 1)
    low, high = wilson(a, a + b) or (0, 1)
    assert low - 1e-9 <= (a / (a + b) if a + b else 0.5) <= high + 1e-9


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "journal")
    acts.open_journal(made, "pctt.gov.vn", "Ban Chỉ huy", "Command", by=BOSS, now=NOW)
    return made


def official(journal: Journal, areas: tuple[str, ...], **changes: Any) -> str:
    told: dict[str, Any] = {"hazard": "storm", "level": 3, "onset": hours(24), "expires": hours(48)}
    content = Content(areas=areas, headline_vi="Bão", headline_en="Storm", **{**told, **changes})
    ref = acts.propose(journal, content, by=WHO, why="mô hình", now=NOW).warning
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=NOW)
    return ref


def test_warnings_are_matched_with_what_happened(journal: Journal) -> None:
    official(journal, ("46", "48", "51"))  # comes in 46 after 30 h, in 48 after 60 h (over), not in 51
    official(journal, ("01",), onset=hours(-5), expires=hours(20))  # began two hours before the message
    official(journal, ("79",), expires=END + timedelta(days=2))  # still running
    official(journal, ("80",), exercise=True)
    acts.propose(journal, Content("storm", 3, ("82",), hours(1), hours(9), "Bão", "Storm"), by=WHO, why="tin", now=NOW)
    events = [
        Event("storm", "46", hours(30)),
        Event("storm", "48", hours(60)),
        Event("storm", "01", hours(-2)),
        Event("storm", "82", hours(2)),
        Event("flood", "46", hours(40), 2),
    ]
    flood, storm = tally(desk(journal.read()), events, END, occasions=100)
    assert (flood.hazard, flood.table) == ("flood", Contingency(0, 0, 1, 99))
    # Hit: 46. False: 48 and 51. Missed: 48 (too late), 01 (late), 82 (never official). Waiting: 79.
    assert storm.table == Contingency(1, 2, 3, 94)
    assert (storm.late, storm.waiting) == (1, 1)
    assert storm.median_lead == timedelta(hours=30)


def test_a_warning_that_was_taken_back_before_the_event_is_no_hit(journal: Journal) -> None:
    """The public was told that nothing would come: a false alarm, and then a miss."""
    acts.cancel(journal, official(journal, ("46",)), by=BOSS, why="nhầm lẫn", now=hours(5))
    acts.stand_down(journal, official(journal, ("48",)), by=BOSS, why="đã qua", now=hours(40))
    events = [Event("storm", "46", hours(30)), Event("storm", "48", hours(30))]
    (found,) = tally(desk(journal.read()), events, END)
    assert found.table == Contingency(1, 1, 1)


def test_only_warnings_and_events_of_a_level_are_counted(journal: Journal) -> None:
    official(journal, ("46",), level=2)
    ref = official(journal, ("48",), level=3)
    stronger = Content("storm", 5, ("48",), hours(24), hours(48), "Bão", "Storm")
    acts.update(journal, ref, stronger, by=WHO, why="mạnh", now=NOW)
    acts.review(journal, ref, by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, ref, by=BOSS, why="thống nhất", now=hours(3))
    events = [Event("storm", "46", hours(30), 2), Event("storm", "48", hours(30), 4)]
    (found,) = tally(desk(journal.read()), events, END, level=4)
    assert found.table == Contingency(1, 0, 0)
    assert found.median_lead == timedelta(hours=30)
    assert tally(desk(journal.read()), [], END, level=6) == []


def test_an_event_inside_two_warnings_is_one_hit_with_the_longer_lead(journal: Journal) -> None:
    first = official(journal, ("46",))
    again = Content("storm", 4, ("46",), hours(20), hours(40), "Bão 2", "Storm 2")
    acts.propose(journal, again, by=WHO, why="tin", despite=first, now=NOW)
    acts.review(journal, "2026-0002-storm", by=WHO, why="đã xem", now=NOW)
    acts.approve(journal, "2026-0002-storm", by=BOSS, why="thống nhất", now=hours(10))
    (found,) = tally(desk(journal.read()), [Event("storm", "46", hours(30))], END)
    assert found.table == Contingency(1, 0, 0)
    assert found.leads == (timedelta(hours=30),)


def test_how_far_a_warning_got(journal: Journal) -> None:
    ref = official(journal, ("46", "48"))
    acts.sent(journal, ref, ["46", "48", "20333"], by=WHO, now=hours(1))
    acts.sent(journal, ref, ["48"], by=WHO, now=hours(2))  # a second sending does not start the clock again
    acts.confirmed(journal, ref, ["48"], by=WHO, now=hours(1.5))
    acts.confirmed(journal, ref, ["46"], by=WHO, now=hours(3))
    acts.confirmed(journal, ref, ["79"], by=WHO, now=hours(3))
    found = reach(desk(journal.read()).get(ref))
    assert (found.sent, found.confirmed, found.share) == (3, 2, pytest.approx(2 / 3))
    assert (found.silent, found.unsent) == (("20333",), ("79",))
    assert found.median_time == timedelta(minutes=75)
    other = official(journal, ("01",))
    nothing = reach(desk(journal.read()).get(other))
    assert (nothing.sent, nothing.share, nothing.median_time) == (0, None, None)


@pytest.mark.parametrize(
    "received, valid, health",
    [
        (None, None, "never"),
        (-1, None, "speaks"),
        (-36, None, "speaks"),
        (-36.1, None, "late"),
        (-72, None, "late"),
        (-72.1, None, "silent"),
        (-1, -72, "speaks"),
        (-1, -72.1, "stale"),
        (-40, -72.1, "stale"),
        (-73, -73, "silent"),
    ],
)
def test_a_daily_feed_by_the_hour(received: float | None, valid: float | None, health: str) -> None:
    at = [None if n is None else hours(n) for n in (received, valid)]
    (found,) = alarms([Feed("rain-24h", "day", *at)], NOW)
    assert found.health == health
    if health == "late":
        assert found.overdue == timedelta(hours=-(received or 0) - 24)


def test_the_worst_feed_comes_first() -> None:
    feeds = [
        Feed("a", "day", hours(-1)), Feed("b", "day", hours(-100)), Feed("c", "month", hours(-100)),
        Feed("d", "hour", None), Feed("e", "day", hours(-40)), Feed("f", "day", hours(-1), hours(-500)),
        Feed("g", "day", hours(-200)),
    ]  # fmt: skip
    assert [alarm.feed.indicator for alarm in alarms(feeds, NOW)] == ["d", "g", "b", "f", "e", "a", "c"]


def test_a_feed_that_cannot_be_judged_is_refused() -> None:
    for feed in (Feed("a", "often", NOW), Feed("a", "day", datetime(2026, 1, 1))):  # noqa: DTZ001
        with pytest.raises(WarnError):
            alarms([feed], NOW)
