"""What home industries lose when one partner's deliveries stop, from an input-output table.

Method page: docs/methods/industry.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from khien.words import t

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_SHARE = 0.01
"""Inputs below this share of an industry's output stop nothing in the bottleneck view."""

STEPS = 10_000
"""Most steps towards the bottleneck's fixed point; it is reached in a few dozen."""


class TableError(ValueError):
    """What is wrong with an input-output table, or with what is asked of it."""

    def __init__(self, key: str, **fields: object) -> None:
        self.message_vi, self.message_en = t(key, "vi", **fields), t(key, "en", **fields)
        super().__init__(self.message_en)


@dataclass(frozen=True)
class IndustryTable:
    """Deliveries between the industries of several economies, in one unit of money.

    `between[i, j]` is what industry i delivered to j, `final[i]` what it delivered to final use anywhere,
    `output[i]` all that it delivered. `country[i]` and `industry[i]` name it.
    """

    country: tuple[str, ...]
    industry: tuple[str, ...]
    between: Floats
    final: Floats
    output: Floats
    _reached: dict[str, Floats] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def countries(self) -> list[str]:
        """Economies in the order of the table."""
        return list(dict.fromkeys(self.country))

    def rows(self, country: str) -> Ints:
        """Rows of an economy.

        Raises
        ------
        TableError
            The table does not list it.
        """
        found = np.flatnonzero(np.array(self.country) == country)
        if not len(found):
            raise TableError("industry_unknown_country", country=country, known=", ".join(self.countries))
        return np.asarray(found, dtype=np.int64)

    @cached_property
    def parts(self) -> Floats:
        """Part of each industry's output that goes to each other (B); none where there is no output."""
        output = self.output[:, None]
        return np.asarray(np.divide(self.between, output, out=np.zeros_like(self.between), where=output > 0))

    def reach(self, home: str) -> Floats:
        """What every industry loses for each unit that is missing at each home industry: rows of (I - B)^-1."""
        if home not in self._reached:
            at_home = self.rows(home)
            unit = np.zeros((len(self.output), len(at_home)))
            unit[at_home, np.arange(len(at_home))] = 1.0
            self._reached[home] = np.asarray(np.linalg.solve(np.eye(len(unit)) - self.parts.T, unit), dtype=np.float64)
        return self._reached[home]

    @cached_property
    def added(self) -> Floats:
        """What each industry adds itself (v): output less all deliveries to it."""
        return np.asarray(self.output - self.between.sum(axis=0))


def forward_loss(table: IndustryTable, home: str, partner: str, cut_share: float = 1.0) -> Floats:
    """Output lost in every industry of every economy when deliveries from partner to home stop, by value.

    Parameters
    ----------
    table : IndustryTable
    home, partner : str
        Economies of the table, not the same.
    cut_share : float
        Share of the deliveries that stops, 0 to 1.

    Returns
    -------
    numpy.ndarray
        loss = d (I - B*)^-1, in the table's unit of money, one entry a row; never negative, never above output
        where every industry adds something itself.

    Raises
    ------
    TableError
        An economy is not listed, or home is its own partner.

    References
    ----------
    .. [1] E. Dietzenbacher, J. A. van der Linden, A. E. Steenge, "The regional extraction method", Economic
       Systems Research 5(2), 1993.
    """
    at_home, abroad = _ends(table, home, partner)
    missing = cut_share * table.between[np.ix_(abroad, at_home)].sum(axis=0)
    # B* is B without one block, as wide as the home economy: Woodbury's formula, so that the large system is
    # solved once for all partners.
    reach = table.reach(home)
    change = np.eye(len(at_home)) + cut_share * table.parts[np.ix_(abroad, at_home)].T @ reach[abroad]
    return np.asarray(reach @ np.linalg.solve(change, missing))


def bottleneck_kept(
    table: IndustryTable, home: str, partner: str, cut_share: float = 1.0, least_share: float = LEAST_SHARE
) -> tuple[Floats, Floats, list[str | None]]:
    """Share of its output that each home industry keeps for want of its scarcest input, and which that is.

    Parameters
    ----------
    table, home, partner, cut_share
        As for `forward_loss`.
    least_share : float
        Inputs below this share of an industry's output do not count.

    Returns
    -------
    tuple
        One entry a row of the home economy: share kept when only its own missing inputs count, share kept when home
        industries then fail one another (both 0 to 1), product that is short in the end, None where nothing is.
    """
    at_home, abroad = _ends(table, home, partner)
    products = list(dict.fromkeys(table.industry))
    of = np.array([products.index(name) for name in table.industry])
    used = np.zeros((len(products), len(at_home)))
    np.add.at(used, of, table.between[:, at_home])
    stopped, own = np.zeros_like(used), np.zeros_like(used)
    np.add.at(stopped, of[abroad], cut_share * table.between[np.ix_(abroad, at_home)])
    np.add.at(own, of[at_home], table.between[np.ix_(at_home, at_home)])
    counts = (used > 0) & (used >= least_share * table.output[at_home][None, :])

    def there(kept: Floats) -> Floats:
        """Share of every input that is there for every home industry."""
        makes = np.ones(len(products))
        makes[of[at_home]] = kept
        short = stopped + own * (1.0 - makes[:, None])
        return np.where(counts, 1.0 - np.divide(short, used, out=np.zeros_like(used), where=used > 0), 1.0)

    kept = direct = np.clip(there(np.ones(len(at_home))).min(axis=0), 0.0, 1.0)
    for _ in range(STEPS):
        now = np.clip(there(kept).min(axis=0), 0.0, 1.0)
        if np.abs(now - kept).max(initial=0.0) < 1e-13:
            break
        kept = now
    # Where two are equally short, what the partner does not bring is named before what home industries then lack.
    own_first = there(kept) + 1e-12 * there(np.ones(len(at_home)))
    least = own_first.argmin(axis=0)
    return direct, kept, [products[k] if kept[j] < 1.0 - 1e-12 else None for j, k in enumerate(least)]


def _ends(table: IndustryTable, home: str, partner: str) -> tuple[Ints, Ints]:
    if home == partner:
        raise TableError("industry_own_partner", country=home)
    return table.rows(home), table.rows(partner)


def industry_shock(
    table: IndustryTable, home: str, partner: str, cut_share: float = 1.0, least_share: float = LEAST_SHARE
) -> pl.DataFrame:
    """What each home industry loses when a partner's deliveries stop, seen both ways.

    Returns
    -------
    polars.DataFrame
        `industry`, `output`, `delivered` (by the partner), `forward_loss`, `forward_share` (of output), `direct_share`
        (lost for want of the scarcest input from the partner alone), `bottleneck_loss`, `bottleneck_share` (lost
        when home industries then fail one another), `scarce` (the product that is short then); amounts in the
        table's unit, the greatest forward loss first.
    """
    at_home, abroad = _ends(table, home, partner)
    output = table.output[at_home]
    forward = forward_loss(table, home, partner, cut_share)[at_home]
    direct, kept, scarce = bottleneck_kept(table, home, partner, cut_share, least_share)
    divide = np.where(output > 0, output, 1.0)
    return pl.DataFrame(
        {
            "industry": [table.industry[i] for i in at_home],
            "output": output,
            "delivered": cut_share * table.between[np.ix_(abroad, at_home)].sum(axis=0),
            "forward_loss": forward,
            "forward_share": forward / divide,
            "direct_share": np.where(output > 0, 1.0 - direct, 0.0),
            "bottleneck_loss": (1.0 - kept) * output,
            "bottleneck_share": np.where(output > 0, 1.0 - kept, 0.0),
            "scarce": scarce,
        },
        schema_overrides={"scarce": pl.String},
    ).sort(["forward_loss", "industry"], descending=[True, False])


def industry_dependence(
    table: IndustryTable, home: str, cut_share: float = 1.0, least_share: float = LEAST_SHARE
) -> pl.DataFrame:
    """What home loses when each partner's deliveries stop.

    Returns
    -------
    polars.DataFrame
        One row per partner: `partner`, `delivered` (to home industries), `forward_loss`, `forward_share` (of all output
        at home), `direct_share`, `bottleneck_loss`, `bottleneck_share`, `added_lost` (of what home industries add
        themselves, by the forward view); the greatest forward loss first.
    """
    at_home = table.rows(home)
    total = float(table.output[at_home].sum())
    rate = np.divide(table.added, table.output, out=np.zeros_like(table.output), where=table.output > 0)[at_home]
    rows = []
    for partner in table.countries:
        if partner == home:
            continue
        forward = forward_loss(table, home, partner, cut_share)[at_home]
        direct, kept, _ = bottleneck_kept(table, home, partner, cut_share, least_share)
        first, last = (float(((1.0 - part) * table.output[at_home]).sum()) for part in (direct, kept))
        delivered = cut_share * float(table.between[np.ix_(table.rows(partner), at_home)].sum())
        lost = float(forward.sum())
        rows.append((partner, delivered, lost, lost / total, first / total, last, last / total, float(forward @ rate)))
    names = (
        "delivered",
        "forward_loss",
        "forward_share",
        "direct_share",
        "bottleneck_loss",
        "bottleneck_share",
        "added_lost",
    )
    schema = {"partner": pl.String, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row").sort(["forward_loss", "partner"], descending=[True, False])
