"""Who is foreign: by country of registration and by control."""

from __future__ import annotations

from khien.programme import Programme

CONTROL_SHARE = 0.5
"""Above this share the owner controls an organisation."""


def controlling_country(programme: Programme) -> dict[str, str]:
    """Country of control of every organisation.

    It is the organisation's own country unless somebody holds more than half of it; then it is
    that country, or the country of control of that organisation (owners are followed up; a ring
    of owners ends where it closes). An unknown share is no proof of control.
    """
    rows = {row["id"]: row for row in programme.organisations.iter_rows(named=True)}
    found: dict[str, str] = {}
    for start in rows:
        at, seen = start, {start}
        while True:
            owner, share = rows[at]["controlled_by"], rows[at]["control_share"]
            if owner is None or share is None or share <= CONTROL_SHARE or owner in seen:
                found[start] = str(rows[at]["country"])
                break
            if owner not in rows:  # a country
                found[start] = str(owner)
                break
            seen.add(owner)
            at = owner
    return found


def foreign_organisations(programme: Programme) -> frozenset[str]:
    """Organisations that are registered abroad or controlled from abroad at any step of ownership."""
    home = programme.settings.home_country
    rows = {row["id"]: row for row in programme.organisations.iter_rows(named=True)}

    def foreign(start: str) -> bool:
        at, seen = start, {start}
        while True:
            row = rows[at]
            if row["country"] != home:
                return True
            owner, share = row["controlled_by"], row["control_share"]
            if owner is None or share is None or share <= CONTROL_SHARE or owner in seen:
                return False
            if owner not in rows:
                return bool(owner != home)
            seen.add(owner)
            at = owner

    return frozenset(name for name in rows if foreign(name))


def partner_countries(programme: Programme) -> dict[str, str]:
    """Country of registration of every organisation."""
    ids, countries = programme.organisations["id"].to_list(), programme.organisations["country"].to_list()
    return dict(zip(ids, countries, strict=True))
