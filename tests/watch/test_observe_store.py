"""The store of observations: vintages, what is known as of a day, what is refused, duplicates and revisions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from khien.watch.indicators import Indicators
from khien.watch.observe import OBSERVATIONS, RECORDS, Batch, BatchRefused, Guard, Store, StoreError, reading

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def indicators(*names: str, unit: str = "cases") -> Indicators:
    """Indicators of one unit."""
    same = {"unit": unit, "frequency": "week", "place_level": "province", "owner": "x"}
    return Indicators.from_rows([{"id": n, "name_vi": n, "name_en": n, **same} for n in names])


def rows(*cells: tuple[Any, ...], indicator: str = "dengue") -> pl.DataFrame:
    """Observations from (place, valid, issued, value)."""
    schema = {"place": pl.String, "valid": pl.Date, "issued": pl.Date, "value": pl.Float64}
    frame = pl.DataFrame(list(cells), schema=schema, orient="row")
    return frame.with_columns(indicator=pl.lit(indicator), unit=pl.lit("cases"), source=pl.lit("test"))


def day(text: str) -> date:
    """A day of November 2026, or a whole date."""
    return date.fromisoformat(text if len(text) > 2 else f"2026-11-{text}")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store that knows two indicators and three places."""
    made = Store(tmp_path / "store")
    made.register(indicators("dengue", "flu"), ["01", "48", "79"])
    return made


WORKED = [
    # place, valid, issued, value: the table of docs/methods/observations.md
    ("01", day("01"), day("03"), 10.0),
    ("01", day("01"), day("10"), 14.0),
    ("01", day("08"), day("10"), 20.0),
    ("01", day("01"), day("17"), None),
    ("01", day("08"), day("17"), 21.0),
    ("79", day("01"), day("10"), 30.0),
]


def test_the_worked_table(store: Store) -> None:
    receipt = store.append(rows(*WORKED), now=NOW)
    assert (receipt.added, receipt.revisions, receipt.late) == (6, 3, 0)

    def known(when: str) -> dict[tuple[str, int], float | None]:
        frame = store.as_of("dengue", day(when)).collect()
        return {(r["place"], r["valid"].day): r["value"] for r in frame.iter_rows(named=True)}

    assert known("02") == {}
    assert known("03") == {("01", 1): 10.0}
    assert known("09") == {("01", 1): 10.0}
    assert known("10") == {("01", 1): 14.0, ("01", 8): 20.0, ("79", 1): 30.0}
    assert known("30") == {("01", 1): None, ("01", 8): 21.0, ("79", 1): 30.0}


def test_vintages_of_one_value(store: Store) -> None:
    store.append(rows(*WORKED), now=NOW)
    found = store.vintages("dengue", "01", day("08"))
    assert found["value"].to_list() == [20.0, 21.0]
    assert found["change"].to_list() == [None, 1.0]
    assert found.columns == [*OBSERVATIONS, "change"]


def test_places_and_spans_narrow_a_read(store: Store) -> None:
    store.append(rows(*WORKED), now=NOW)
    assert store.as_of("dengue", places=["79"]).collect().height == 1
    assert store.as_of("dengue", since=day("08")).collect()["place"].to_list() == ["01"]
    assert store.as_of("dengue", until=day("07")).collect().height == 2
    assert store.as_of("flu").collect().height == 0
    assert store.as_of("nothing").collect().schema == OBSERVATIONS


def test_known_at_counts_receipt_and_not_issue(store: Store) -> None:
    early = datetime(2026, 11, 5, tzinfo=UTC)
    store.append(rows(WORKED[0]), received=early, now=NOW)
    store.append(rows(("01", day("01"), day("04"), 11.0)), received=early + timedelta(days=20), now=NOW)
    assert store.as_of("dengue", day("10")).collect()["value"].to_list() == [11.0]
    assert store.as_of("dengue", day("10"), known_at=day("10")).collect()["value"].to_list() == [10.0]
    assert store.as_of("dengue", known_at=day("04")).collect().height == 0


def test_the_same_again_is_counted_and_not_stored(store: Store) -> None:
    store.append(rows(*WORKED), now=NOW)
    again = store.append(rows(*WORKED, WORKED[0]), now=NOW)
    assert (again.added, again.duplicates, again.entry) == (0, 7, None)
    assert store.observations("dengue").collect().height == 6


def test_another_value_with_the_same_issue_is_a_revision(store: Store) -> None:
    store.append(rows(WORKED[0]), now=NOW)
    receipt = store.append(rows(("01", day("01"), day("03"), 12.0)), now=NOW + timedelta(minutes=1))
    assert (receipt.added, receipt.revisions) == (1, 1)
    assert store.as_of("dengue").collect()["value"].to_list() == [12.0]
    assert store.vintages("dengue", "01", day("01"))["value"].to_list() == [10.0, 12.0]


def test_of_two_batches_received_at_one_moment_the_later_counts(store: Store) -> None:
    for value in (1.0, 3.0, 2.0):
        store.append(rows(("01", day("01"), day("03"), value)), now=NOW)
    assert store.as_of("dengue").collect()["value"].to_list() == [2.0]
    store.compact()
    assert store.as_of("dengue").collect()["value"].to_list() == [2.0]


def test_a_late_value_is_kept_and_does_not_win(store: Store) -> None:
    store.append(rows(WORKED[1]), now=NOW)
    receipt = store.append(rows(WORKED[0]), now=NOW)
    assert (receipt.added, receipt.late) == (1, 1)
    assert store.as_of("dengue").collect()["value"].to_list() == [14.0]
    assert store.as_of("dengue", day("05")).collect()["value"].to_list() == [10.0]


BROKEN: dict[str, dict[str, Any]] = {
    "not-finite": {"value": float("nan")},
    "too-large": {"value": 1e300},
    "unit": {"unit": "deaths"},
    "indicator-unknown": {"indicator": "denge"},
    "place-unknown": {"place": "99"},
    "valid-future": {"valid": date(2030, 1, 1), "issued": date(2026, 11, 1)},
    "issued-future": {"issued": date(2026, 12, 5)},
    "received-future": {"received": datetime(2027, 1, 1, tzinfo=UTC)},
    "valid-after-issued": {"valid": date(2026, 11, 20), "issued": date(2026, 11, 3)},
    "issued-after-received": {"received": datetime(2026, 11, 1, tzinfo=UTC)},
    "required": {"place": None},
    "time": {"valid": date(1066, 1, 1)},
    "text": {"source": "a\u202eb"},
}


@pytest.mark.parametrize("code", BROKEN)
def test_junk_is_refused_with_its_line_and_changes_nothing(store: Store, code: str) -> None:
    good = rows(WORKED[0], WORKED[2]).with_columns(received=pl.lit(NOW))
    bad = good.tail(1).with_columns(**{k: pl.lit(v, dtype=good.schema[k]) for k, v in BROKEN[code].items()})
    frame = pl.concat([good, bad])
    with pytest.raises(BatchRefused) as refused:
        store.append(frame, now=NOW)
    found = [f for f in refused.value.findings if f.code == code]
    assert [f.row for f in found] == [4]
    assert all(f.message("vi") and f.way_out("en") for f in refused.value.findings)
    assert store.state.number == 0
    kept = store.append(frame, now=NOW, keep_good=True)
    assert (kept.added, kept.refused) == (2, 1)
    assert store.observations("dengue").collect().height == 2


def test_two_figures_for_one_issue_in_a_batch_are_a_conflict(store: Store) -> None:
    with pytest.raises(BatchRefused) as refused:
        store.append(rows(WORKED[0], ("01", day("01"), day("03"), 99.0)), now=NOW)
    assert {f.code for f in refused.value.findings} == {"conflict"}


def test_columns_that_do_not_fit_are_all_told(store: Store) -> None:
    with pytest.raises(BatchRefused) as refused:
        store.append(rows(WORKED[0]).drop("unit").with_columns(value=pl.lit("ten")), now=NOW)
    told = {(f.code, f.column) for f in refused.value.findings}
    assert told == {("column-missing", "unit"), ("column-type", "value")}


def test_many_different_troubles_are_counted_and_the_nearest_is_guessed(store: Store) -> None:
    frame = rows(*[(f"p{i}", day("01"), day("03"), 1.0) for i in range(50)])
    with pytest.raises(BatchRefused) as refused:
        store.append(frame, now=NOW)
    assert len(refused.value.findings) == 21
    with pytest.raises(BatchRefused) as near:
        store.append(rows(WORKED[0], indicator="dengu"), now=NOW)
    assert "dengue" in near.value.findings[0].way_out("en")


def test_no_unit_changes_under_old_values(store: Store) -> None:
    with pytest.raises(BatchRefused):
        store.register(indicators("dengue", unit="per 100,000"))
    store.register(indicators("rain", unit="mm"))
    assert store.indicators.units == {"dengue": "cases", "flu": "cases", "rain": "mm"}


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="no store"):
        Store(tmp_path)


def test_a_store_of_another_version_or_with_a_hole_says_so(store: Store, tmp_path: Path) -> None:
    for place in ("01", "79"):
        store.append(rows((place, day("01"), day("03"), 1.0)), now=NOW)
    (tmp_path / "store" / "log" / "000000000001.json").unlink()
    with pytest.raises(StoreError, match=r"000000000001\.json"):
        Store(store.path).as_of("dengue")
    (tmp_path / "store" / "store.json").write_text('{"format": 9}')
    with pytest.raises(StoreError, match="version 9"):
        Store(store.path)


def test_a_guard_of_ones_own_widens_what_is_let_in(tmp_path: Path) -> None:
    guard = Guard({"quakes": "M"}, places=["sea"], valid_ahead=timedelta(days=8))
    store = Store(tmp_path / "own", guard)
    frame = rows(("sea", day("10"), day("03"), 4.0), indicator="quakes").with_columns(unit=pl.lit("M"))
    assert store.append(frame, now=NOW).added == 1


def test_an_id_that_would_lead_out_of_the_store_is_unknown(tmp_path: Path) -> None:
    store = Store(tmp_path / "own", Guard({"../../x": "cases", "ok": "cases"}))
    with pytest.raises(BatchRefused, match="no indicator"):
        store.append(rows(WORKED[0], indicator="../../x"), now=NOW)
    assert not (tmp_path / "x").exists()


def test_freshness_comes_from_the_log_alone(store: Store) -> None:
    store.append(rows(*WORKED[:2]), now=NOW)
    store.append(rows(*WORKED[2:]), now=NOW + timedelta(hours=1))
    found = store.freshness().to_dicts()
    assert [row["indicator"] for row in found] == ["dengue", "flu"]
    last = [found[0][f"last_{name}"].date() for name in ("valid", "issued")]
    assert (found[0]["rows"], last) == (6, [day("08"), day("17")])
    assert found[0]["last_received"] == NOW + timedelta(hours=1)
    assert (found[1]["rows"], found[1]["last_received"]) == (0, None)


def test_one_step_holds_observations_and_records(store: Store) -> None:
    event = {"id": "q1", "kind": "earthquake", "issued": NOW, "time": NOW, "source": "usgs", "sha256": "a" * 64}
    frame = pl.DataFrame([event], schema=RECORDS["events"])
    receipt = store.put(Batch(rows(WORKED[0]), {"events": frame}), now=NOW)
    assert (receipt.records, receipt.entry) == ({"events": (1, 0)}, 1)
    assert store.put(Batch(None, {"events": frame}), now=NOW).records == {"events": (0, 1)}
    with pytest.raises(BatchRefused):
        store.put(Batch(rows(WORKED[2]), {"events": frame.with_columns(sha256=pl.lit("b" * 64))}), now=NOW)
    assert store.records("events").collect().height == 1
    assert store.as_of("dengue").collect().height == 1


def test_a_refused_record_is_not_taken_for_a_stored_one(store: Store) -> None:
    same = {"kind": "earthquake", "issued": NOW, "time": NOW, "source": "usgs"}
    schema = RECORDS["events"]
    good = pl.DataFrame([{"id": "q1", "sha256": "a" * 64, **same}], schema=schema)
    new = pl.DataFrame([{"id": "q2", "sha256": "c" * 64, **same}], schema=schema)
    store.put(Batch(None, {"events": good}), now=NOW)
    with pytest.raises(BatchRefused):
        store.put(Batch(None, {"events": pl.concat([new, good.with_columns(sha256=pl.lit("b" * 64))])}), now=NOW)
    store.append(rows(WORKED[0]), now=NOW)
    assert store.put(Batch(None, {"events": new}), now=NOW).records == {"events": (1, 0)}
    assert Store(store.path).records("events").collect()["id"].to_list() == ["q1", "q2"]


VINTAGES = st.lists(
    st.tuples(st.sampled_from(["01", "48"]), st.integers(1, 5), st.integers(6, 12), st.integers(0, 3)), max_size=30
)


@settings(max_examples=25)
@given(
    batches=st.lists(VINTAGES, min_size=1, max_size=5),
    when=st.integers(5, 13),
    compacted=st.booleans(),
    large=st.sampled_from([1, 4, 10**6]),
    minutes=st.sampled_from([0, 1]),
)
def test_as_of_agrees_with_a_plain_reading_of_the_rule(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[str, int, int, int]]],
    when: int,
    compacted: bool,
    large: int,
    minutes: int,
) -> None:
    """Whatever counts as a large file, compacted or not, and also when all batches came at the same moment."""
    with mock.patch.object(reading, "OWN_PLAN", large):
        store = Store(tmp_path_factory.mktemp("law") / "s", Guard({"dengue": "cases"}))
        told_as_of(store, batches, when, compacted, minutes)


def told_as_of(
    store: Store, batches: list[list[tuple[str, int, int, int]]], when: int, compacted: bool, minutes: int
) -> None:
    """Append the batches and compare with a dictionary that holds the newest.

    A compaction in the midst leaves one joined file beside small ones.
    """
    told: list[tuple[str, int, int, int]] = []
    for number, batch in enumerate(batches):
        one = {(p, v, i): x for p, v, i, x in batch}
        fresh = [(p, v, i, x) for (p, v, i), x in one.items() if (p, v, i, x) not in told]
        cells = [(p, date(2026, 11, v), date(2026, 11, i), float(x)) for (p, v, i), x in one.items()]
        receipt = store.append(rows(*cells), now=NOW + number * timedelta(minutes=minutes))
        assert (receipt.added, receipt.duplicates) == (len(fresh), len(one) - len(fresh))
        told += fresh
        if compacted and number == 1:
            store.compact()
    want: dict[tuple[str, int], tuple[int, int]] = {}
    for p, v, i, x in told:
        if i <= when and want.get((p, v), (0, 0))[0] <= i:
            want[p, v] = (i, x)
    frame = store.as_of("dengue", date(2026, 11, when)).collect()
    got = {(r["place"], r["valid"].day): (r["issued"].day, int(r["value"])) for r in frame.iter_rows(named=True)}
    assert got == want
    assert frame.sort("place", "valid").equals(frame)
