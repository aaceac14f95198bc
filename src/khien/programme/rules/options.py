"""Options: form and partner, three-point estimates, spend profiles, agreements, people."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

import polars as pl

from khien.programme.owners import foreign_organisations
from khien.programme.sheet import Desk

ROUNDING: Final = Decimal("1e-6")


def forms_have_their_partner(desk: Desk) -> None:
    """Every form but `own` needs a partner; with `own` a partner does not count."""
    lone = (pl.col("form") != "own") & pl.col("partner").is_null()
    for line, option, form in desk["options"].where(lone, "id", "form"):
        desk.note("partner-missing", "options", line, "partner", form, option=option)
    idle = (pl.col("form") == "own") & pl.col("partner").is_not_null()
    for line, option, partner in desk["options"].where(idle, "id", "partner"):
        desk.note("partner-not-needed", "options", line, "partner", partner, option=option)


def estimates_are_in_order(desk: Desk) -> None:
    """Low, mode and high of duration and cost are in order."""
    for stem, unit in (("duration", "quarters"), ("cost", "mvnd")):
        low, mode, high = (f"{stem}_{part}_{unit}" for part in ("low", "mode", "high"))
        wrong = (pl.col(low) > pl.col(mode)) | (pl.col(mode) > pl.col(high)) | (pl.col(low) > pl.col(high))
        for line, *three in desk["options"].where(wrong, low, mode, high):
            shown = ", ".join("?" if v is None else str(v) for v in three)
            desk.note(f"{stem}-order", "options", line, low, shown)


def profiles_sum_to_one(desk: Desk) -> None:
    """A spend profile is a list of shares that sum to 1."""
    for line, profile in desk["options"].where(pl.col("spend_profile").is_not_null(), "spend_profile"):
        if not is_profile(profile):
            desk.note("spend-profile", "options", line, "spend_profile", profile)


def is_profile(text: str) -> bool:
    """Whether a text is a list of shares like "0.2;0.5;0.3" that sum to 1."""
    try:
        shares = [Decimal(part.strip()) for part in text.split(";")]
    except InvalidOperation:
        return False
    good = all(share.is_finite() and 0 <= share <= 1 for share in shares)
    return good and abs(sum(shares, Decimal(0)) - 1) <= ROUNDING


def partners_have_agreements(desk: Desk) -> None:
    """Where agreements bind, an option with a foreign partner that none covers can never be chosen."""
    if desk.settings is None or not desk.settings.agreements_bind:
        return
    foreign = foreign_organisations(desk.frame("organisations"), desk.settings.home_country)
    country = dict(desk.frame("organisations").select("id", "country").iter_rows())
    group = _group_of_projects(desk)
    covered: set[tuple[str, str, str | None]] = set()
    for party, of_group, forms in desk.frame("agreements").select("party", "group", "forms").iter_rows():
        covered |= {(party, form.strip(), of_group) for form in (forms or "").split(";")}
    active = set(desk.frame("projects").filter(pl.col("status") == "candidate")["id"].drop_nulls())
    columns = ("id", "project", "form", "partner")
    with_partner = pl.col("partner").is_not_null() & pl.col("form").is_not_null() & (pl.col("form") != "own")
    for line, option, project, form, partner in desk["options"].where(with_partner, *columns):
        if partner not in foreign or project not in active:
            continue
        parties = (partner, country.get(partner))
        if not any((p, form, g) in covered for p in parties for g in (None, group.get(project))):
            desk.note(
                "option-without-agreement", "options", line, "partner", option, partner=partner, form=form
            )


def _group_of_projects(desk: Desk) -> dict[str, str | None]:
    group: dict[str, str | None] = {}
    for table in ("technologies", "products"):
        group |= dict(desk.frame(table).select("id", "group").iter_rows())
    return {p: group.get(s) for p, s in desk.frame("projects").select("id", "subject").iter_rows()}


def skills_have_supply(desk: Desk) -> None:
    """A skill that is needed and has no supply counts as nobody, which should not surprise anybody."""
    supplied = set(desk.frame("skill_supply")["skill"].drop_nulls())
    for table in ("efforts", "obligations"):
        seen: set[str] = set()
        for line, skill in desk[table].where(pl.col("people") > 0, "skill"):
            if skill is not None and skill not in supplied | seen:
                seen.add(skill)
                desk.note("skill-without-supply", table, line, "skill", skill)


RULES: Final[tuple[Callable[[Desk], None], ...]] = (
    forms_have_their_partner,
    estimates_are_in_order,
    profiles_sum_to_one,
    partners_have_agreements,
    skills_have_supply,
)
