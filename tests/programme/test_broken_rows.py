"""One broken programme per finding: the complete one with one thing wrong, and one finding for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from khien.programme import Checked, Settings
from khien.programme.codes import CODES, FAMILIES

Rows = dict[str, list[dict[str, Any]]]


def put(table: str, row: int, /, **cells: Any) -> Callable[[Rows], None]:
    """Change cells of a row; the first row is 0."""
    return lambda rows: rows[table][row].update(cells)


def more(table: str, /, **cells: Any) -> Callable[[Rows], None]:
    """Add a row like the first one, with other cells."""
    return lambda rows: rows[table].append({**rows[table][0], **cells})


def without(table: str) -> Callable[[Rows], None]:
    """Leave a table out."""
    return lambda rows: rows.pop(table) and None


def both(*changes: Callable[[Rows], None]) -> Callable[[Rows], None]:
    """Several changes at once."""
    return lambda rows: [change(rows) for change in changes] and None


def everywhere(table: str, /, **cells: Any) -> Callable[[Rows], None]:
    """Change cells of every row."""
    return lambda rows: [row.update(cells) for row in rows[table]] and None


COMMITTED = {"status": "committed", "option": "p3-own", "start": "2027Q1"}
HIGH_RISK = {"kind": "floor", "over": "risk_class", "key": "high"}

# code, what is changed, table, line, column
CASES: list[tuple[str, Callable[[Rows], None], str | None, int | None, str | None]] = [
    ("unknown-column", put("groups", 0, nam_vi="x"), "groups", 1, "nam_vi"),
    ("table-missing", without("skills"), "skills", None, None),
    ("not-a-number", put("yields", 1, amount="mười"), "yields", 3, "amount"),
    ("not-a-number", put("yields", 1, amount="35%"), "yields", 3, "amount"),
    ("not-whole", put("efforts", 0, people=2.5), "efforts", 2, "people"),
    ("not-finite", put("yields", 0, amount="NaN"), "yields", 2, "amount"),
    ("not-finite", put("yields", 0, amount="-inf"), "yields", 2, "amount"),
    ("not-finite", put("yields", 0, amount="1e999"), "yields", 2, "amount"),
    ("mixed-decimal-marks", put("yields", 0, amount="10,25"), "yields", 2, "amount"),
    ("not-a-date", put("forces", 0, trained_on="01/03/2026"), "forces", 2, "trained_on"),
    ("not-a-date", put("forces", 0, trained_on="2026-02-30"), "forces", 2, "trained_on"),
    ("not-a-quarter", put("projects", 0, latest="Q1/2030"), "projects", 2, "latest"),
    ("not-a-bool", put("stages", 0, assurance="maybe"), "stages", 2, "assurance"),
    ("not-a-slug", put("forces", 0, kind="Dân quân"), "forces", 2, "kind"),
    ("not-a-choice", put("threats", 0, domain="hydro"), "threats", 2, "domain"),
    ("out-of-range", put("options", 0, success_share=1.3), "options", 2, "success_share"),
    ("out-of-range", put("requirements", 0, level=0), "requirements", 2, "level"),
    ("out-of-range", put("products", 0, price_mvnd=10**17), "products", 2, "price_mvnd"),
    ("negative-value", put("efforts", 0, people=-4), "efforts", 2, "people"),
    ("negative-value", put("money", 7, amount_mvnd=-1), "money", 9, "amount_mvnd"),
    ("text-too-long", put("projects", 0, note="ă" * 4001), "projects", 2, "note"),
    ("control-character", put("projects", 0, note="a\x07b"), "projects", 2, "note"),
    ("required-empty", put("capabilities", 0, weight=None), "capabilities", 2, "weight"),
    ("duplicate-key", more("yields"), "yields", 4, None),
    ("duplicate-key", more("groups"), "groups", 4, "id"),
    ("duplicate-key", put("stocks", 0, expiry=None), "stocks", 3, None),
    ("name-clash", put("items", 1, id="boat"), "items", 3, "id"),
    ("dangling-reference", put("projects", 1, subject="engin"), "projects", 3, "subject"),
    ("fact-without-target", put("sources_of_facts", 0, table="place"), "sources_of_facts", 2, "table"),
    ("fact-without-target", put("sources_of_facts", 0, row="02"), "sources_of_facts", 2, "row"),
    ("fact-without-target", put("sources_of_facts", 0, column="peopel"), "sources_of_facts", 2, "column"),
    ("stage-order", put("stages", 1, order=1), "stages", 3, "order"),
    ("service-stage", put("stages", 2, service=True), "stages", None, "service"),
    ("assurance-stage", put("stages", 1, assurance=True), "stages", None, "assurance"),
    ("requirement-without-product", put("yields", 1, capability="rescue"), "requirements", 4, "capability"),
    ("lost-share-missing", put("inputs", 1, lost_share=None), "inputs", 3, "lost_share"),
    ("input-self", put("inputs", 0, input="boat"), "inputs", 2, "input"),
    ("shares-over-one", more("supplies", site="s1", share=0.1), "supplies", 4, "share"),
    (
        "shares-over-one",
        more("place_changes", after="vn", people_share=0.9),
        "place_changes",
        3,
        "people_share",
    ),
    ("control-cycle", put("organisations", 1, controlled_by="mitsu"), "organisations", 3, "controlled_by"),
    ("place-cycle", put("places", 0, parent="01"), "places", 3, "parent"),
    ("country-code", more("countries", id="jpn"), "countries", 4, "id"),
    ("home-country", put("countries", 0, id="la"), "settings", None, "home_country"),
    ("project-without-option", more("projects", id="p9"), "projects", 6, "id"),
    ("chosen-option-missing", put("projects", 3, option=None), "projects", 5, "option"),
    ("start-missing", put("projects", 3, start=None), "projects", 5, "start"),
    ("option-of-other-project", put("projects", 3, option="p1-own"), "projects", 5, "option"),
    ("pin-clash", put("projects", 3, pin="must_not"), "projects", 5, "pin"),
    ("pin-clash", put("projects", 0, status="stopped", pin="must"), "projects", 2, "pin"),
    ("window-backwards", put("projects", 0, earliest="2031Q1"), "projects", 2, "latest"),
    ("window-outside-horizon", put("projects", 1, earliest="2040Q1"), "projects", 3, "earliest"),
    ("window-outside-horizon", put("projects", 1, latest="2020Q1"), "projects", 3, "latest"),
    (
        "start-outside-horizon",
        put("projects", 2, **(COMMITTED | {"start": "2040Q1"})),
        "projects",
        4,
        "start",
    ),
    ("partner-missing", put("options", 1, partner=None), "options", 3, "partner"),
    ("duration-order", put("options", 0, duration_low_quarters=4), "options", 2, "duration_low_quarters"),
    ("cost-order", put("options", 0, cost_high_mvnd=1), "options", 2, "cost_low_mvnd"),
    ("spend-profile", put("options", 0, spend_profile="0.2;0.9"), "options", 2, "spend_profile"),
    ("spend-profile", put("options", 0, spend_profile="half;half"), "options", 2, "spend_profile"),
    ("list-invalid", put("agreements", 0, forms="joint;purchase;rent"), "agreements", 2, "forms"),
    ("precedence-self", put("precedences", 0, after="p2"), "precedences", 2, "after"),
    ("precedence-cycle", more("precedences", before="p3", after="p2"), "precedences", 4, "after"),
    ("precedence-violated", put("precedences", 1, before="p1", after="p4"), "precedences", 3, "after"),
    ("limit-amount", put("limits", 0, share=0.5), "limits", 2, "amount_mvnd"),
    ("limit-amount", put("limits", 1, share=None), "limits", 3, "amount_mvnd"),
    ("limit-key", put("limits", 0, key="mitsubishi"), "limits", 2, "key"),
    ("limit-key", put("limits", 1, key="fire"), "limits", 3, "key"),
    ("limit-key", put("limits", 0, key=None), "limits", 2, "key"),
    ("years-backwards", put("limits", 0, to_year=2025), "limits", 2, "to_year"),
    ("years-backwards", put("obligations", 0, from_year=2031), "obligations", 2, "due"),
    ("commitment-breaks-limit", put("limits", 0, amount_mvnd=10), "limits", 2, "amount_mvnd"),
    ("commitment-breaks-share", put("limits", 0, amount_mvnd=None, share=0.05), "limits", 2, "share"),
    ("commitment-breaks-floor", put("limits", 0, **HIGH_RISK, amount_mvnd=2800), "limits", 2, "amount_mvnd"),
    (
        "commitment-breaks-floor",
        put("limits", 0, **HIGH_RISK, amount_mvnd=None, share=0.95),
        "limits",
        2,
        "share",
    ),
    ("commitments-exceed-people", more("efforts", option="p4-joint", people=11), "skill_supply", 2, "people"),
    ("commitments-exceed-money", put("money", 0, amount_mvnd=150), "money", None, "amount_mvnd"),
    ("pair-incomplete", put("obligations", 0, amount=None), "obligations", 2, "amount"),
    ("pair-incomplete", put("obligations", 0, skill=None), "obligations", 2, "skill"),
    ("shock-key", put("shocks", 0, key="jp"), "shocks", 2, "key"),
    ("shock-key", put("shocks", 1, key="lottery"), "shocks", 3, "key"),
    ("shock-backwards", put("shocks", 0, latest_quarter="2027Q4"), "shocks", 2, "latest_quarter"),
    ("shock-cycle", put("shocks", 0, correlated_with="x2"), "shocks", 2, "correlated_with"),
    ("dates-backwards", put("places", 1, valid_to=date(2000, 1, 1)), "places", 3, "valid_to"),
    ("bounds-backwards", put("sources_of_facts", 0, low=9e6), "sources_of_facts", 2, "high"),
    (
        "nothing-to-plan",
        both(
            without("projects"),
            without("options"),
            without("efforts"),
            without("precedences"),
            lambda rows: rows["sources_of_facts"].pop() and None,
        ),
        "projects",
        None,
        None,
    ),
    ("capability-without-requirement", more("capabilities", id="other"), "capabilities", 4, "id"),
    ("input-cycle", more("inputs", subject="engine", input="boat"), "inputs", 2, "input"),
    ("partner-not-needed", put("options", 0, partner="mitsu"), "options", 2, "partner"),
    ("window-too-short", put("projects", 0, earliest="2032Q4", latest=None), "projects", 2, "earliest"),
    ("stage-leap", put("projects", 0, to_stage="assurance"), "projects", 2, "to_stage"),
    ("precedence-never", put("projects", 1, pin="must_not"), "precedences", 2, "before"),
    ("stage-gap", put("projects", 2, to_stage="assurance"), "projects", 4, "to_stage"),
    (
        "stage-not-reached",
        both(
            put("projects", 1, status="committed", option="p2-own", start="2027Q1"),
            put("projects", 2, status="committed", option="p3-own", start="2027Q1"),
            lambda rows: rows["precedences"].pop(0) and None,
        ),
        "projects",
        4,
        "start",
    ),
    ("skill-without-supply", put("efforts", 1, people=2, skill="paint"), "efforts", 3, "skill"),
    ("year-without-money", lambda rows: rows["money"].pop(3) and None, "money", None, "year"),
    ("outside-horizon", put("obligations", 0, due="2040Q1"), "obligations", 2, "due"),
    ("outside-horizon", more("money", year=2040), "money", 10, "year"),
    ("option-without-agreement", put("agreements", 0, forms="joint;licence"), "options", 3, "partner"),
    ("candidate-has-choice", put("projects", 0, start="2027Q1"), "projects", 2, "start"),
    ("running-not-begun", put("projects", 3, start="2026Q3"), "projects", 5, "start"),
    (
        "control-share-unknown",
        put("organisations", 1, control_share=None),
        "organisations",
        3,
        "control_share",
    ),
    ("control-share-alone", put("organisations", 0, control_share=0.4), "organisations", 2, "controlled_by"),
    (
        "nucleus-held-abroad",
        put("organisations", 0, controlled_by="mitsu", control_share=0.6),
        "organisations",
        2,
        "controlled_by",
    ),
    ("stocks-unknown", everywhere("supplies", stock_months=None), "supplies", None, "stock_months"),
    (
        "recovery-unknown",
        both(everywhere("supplies", recover_months=None), put("shocks", 0, kind="site", key="s1")),
        "supplies",
        None,
        "recover_months",
    ),
]


@pytest.mark.parametrize(
    ("code", "change", "table", "line", "column"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)]
)
def test_one_thing_wrong_gives_one_finding(
    rows: Rows,
    check_rows: Callable[..., Checked],
    code: str,
    change: Callable[[Rows], None],
    table: str | None,
    line: int | None,
    column: str | None,
) -> None:
    if code == "skill-without-supply":
        rows["skills"].append({"id": "paint", "name_vi": "Sơn", "name_en": "Paint"})
    change(rows)
    checked = check_rows(rows)
    found = [f for f in checked.findings if f.code == code]
    assert len(found) == 1, [f.line("en") for f in checked.findings]
    assert (found[0].table, found[0].row, found[0].column) == (table, line, column)
    others = {f.code for f in checked.findings} - {code} - FOLLOWS.get(code, set())
    assert not others
    assert (checked.programme is None) == (CODES[code] == "error")


# What one fault rightly brings with it.
FOLLOWS = {
    "dangling-reference": {"fact-without-target", "stage-leap", "precedence-violated"},
    "requirement-without-product": {"duplicate-key"},
    "name-clash": {"dangling-reference"},
    "service-stage": set(),
    "input-self": {"input-cycle"},
    "table-missing": {"table-missing"},
    "home-country": {"dangling-reference", "option-without-agreement"},
    "country-code": set(),
    "start-missing": set(),
    "window-backwards": {"window-too-short"},
    "window-outside-horizon": {"window-too-short"},
    "limit-key": set(),
    "stage-order": {"stage-leap", "stage-gap"},
    "precedence-cycle": set(),
    "running-not-begun": {"precedence-violated"},
    "stage-leap": {"stage-leap"},
    "stage-gap": {"stage-gap"},
}


def test_every_finding_about_rows_has_its_broken_input() -> None:
    elsewhere = {
        *FAMILIES["files"],
        *FAMILIES["settings"],
        "setting-default",
        "setting-without-source",
        "number-ambiguous",
    }
    assert {case[0] for case in CASES} >= set(CODES) - elsewhere


def test_a_commitment_that_breaks_a_limit_is_named_with_the_limit(
    rows: Rows, check_rows: Callable[..., Checked]
) -> None:
    rows["limits"][0]["amount_mvnd"] = 10
    (finding,) = check_rows(rows).errors
    assert "p4" in finding.message_en
    assert "l1" in finding.message_en
    assert "p4" in finding.message_vi


@pytest.mark.parametrize("carry_over", [True, False])
def test_a_floor_that_commitments_leave_just_enough_for_is_no_error(
    rows: Rows, check_rows: Callable[..., Checked], carry_over: bool
) -> None:
    """The message says how much can be spent and how much is taken; the rest is what a floor may ask for."""
    programme = check_rows(rows).programme
    assert programme is not None
    settings = programme.settings.model_copy(update={"carry_over": carry_over})
    rows["limits"][0].update(HIGH_RISK, amount_mvnd=2900)
    (finding,) = check_rows(rows, settings).errors
    left = finding.fields["most"] - finding.fields["spend"]
    assert 0 < left < 2900
    assert "p4" in finding.message_vi
    assert "l1" in finding.message_vi
    rows["limits"][0]["amount_mvnd"] = left
    assert not check_rows(rows, settings).errors
    rows["limits"][0]["amount_mvnd"] = left + 1
    assert [f.code for f in check_rows(rows, settings).errors] == ["commitment-breaks-floor"]


def test_training_that_can_be_over_by_then_counts_for_commitments(
    rows: Rows, check_rows: Callable[..., Checked]
) -> None:
    """10 people and one cohort of 5 started in the first half of 2026 make 15 at the end of it."""
    rows["projects"][2].update(COMMITTED, start="2026Q4")
    rows["precedences"] = []
    rows["efforts"].append({"option": "p3-own", "skill": "weld", "people": 15})
    assert not check_rows(rows).errors
    rows["efforts"][-1]["people"] = 16
    (finding,) = check_rows(rows).errors
    assert finding.code == "commitments-exceed-people"
    assert (finding.value, finding.row) == ("15", 2)
    assert all(word in finding.message_en for word in ("p3", "weld", "2026Q4", "16"))


def test_a_near_miss_is_guessed(rows: Rows, check_rows: Callable[..., Checked]) -> None:
    rows["threats"][0]["domain"] = "hydromett"
    rows["projects"][1]["subject"] = "Engine"
    ways = " ".join(f.way_out_en for f in check_rows(rows).errors)
    assert "Did you mean “hydromet”?" in ways


def test_missing_is_not_zero(rows: Rows, check_rows: Callable[..., Checked]) -> None:
    rows["items"][0]["price_mvnd"] = None
    programme = check_rows(rows).programme
    assert programme is not None
    assert programme.items["price_mvnd"][0] is None


def test_everything_at_once_is_reported_to_the_end(
    rows: Rows, check_rows: Callable[..., Checked], tmp_path: Any
) -> None:
    """As many faults together as do not hide each other; each is told."""
    wanted = set()
    hides = {
        "table-missing",
        "nothing-to-plan",
        "mixed-decimal-marks",
        "unknown-column",
        "duplicate-key",
        "stage-order",
        "service-stage",
        "assurance-stage",
        "home-country",
        "name-clash",
        "not-a-date",
        "commitments-exceed-people",
        "skill-without-supply",
    }
    touched: set[tuple[str, int | None]] = set()
    for code, change, table, line, _ in CASES:
        if code in hides or code in FOLLOWS or table is None or line is None or (table, line) in touched:
            continue
        touched.add((table, line))
        change(rows)
        wanted.add(code)
    found = {f.code for f in check_rows(rows).findings}
    assert len(wanted) >= 25
    assert wanted - found == set()


def test_findings_are_there_without_settings_too(rows: Rows, folder: Any) -> None:
    from khien.programme import check

    (folder / "programme.toml").unlink()
    path = folder / "efforts.csv"
    path.write_text(path.read_text().replace("p1-own,weld,4", "p1-own,weld,-4"))
    assert [f.code for f in check(folder).errors] == ["settings-missing", "negative-value"]


def test_settings_are_frozen() -> None:
    with pytest.raises(Exception, match="frozen"):
        Settings.model_construct(base_year=2026).base_year = 2027  # type: ignore[misc]
