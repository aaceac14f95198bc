"""Planning values: the one duration, cost and spending curve that checks and plans count with.

Method page: docs/methods/planning-values.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from khien.programme.settings import Settings

QUARTER_NOISE = 1e-9
"""A quantile this little above a whole quarter is that quarter: rounding noise of the quantile."""

MONEY_NOISE = 1e-6
"""The same for money, whose numbers are larger and so carry more noise."""


def pert_quantile(low: ArrayLike, mode: ArrayLike, high: ArrayLike, share: float) -> NDArray[np.float64]:
    """Quantile of the PERT-beta distribution over low, mode and high.

    Parameters
    ----------
    low, mode, high : array_like
        Least, likeliest and greatest value, in any one unit; low <= mode <= high.
    share : float
        Which quantile, 0 to 1.

    Returns
    -------
    numpy.ndarray
        low + (high - low) * B, with B the quantile of Beta(1 + 4(m-a)/(b-a), 1 + 4(b-m)/(b-a));
        where low equals high, that value.

    Raises
    ------
    ValueError
        If the three values are not in order, or `share` lies outside 0 to 1.

    References
    ----------
    .. [1] D. G. Malcolm, J. H. Roseboom, C. E. Clark, W. Fazar, "Application of a technique for
       research and development program evaluation", Operations Research 7(5), 1959.
    """
    from scipy.special import betaincinv  # slow to import, and checks need it only where something is committed

    a, m, b = (np.asarray(x, dtype=np.float64) for x in (low, mode, high))
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share {share} lies outside 0 to 1")
    if not bool(np.all((a <= m) & (m <= b))):
        raise ValueError("low, mode and high are not in order")
    width = b - a
    safe = np.where(width > 0, width, 1.0)
    unit = betaincinv(1 + 4 * (m - a) / safe, 1 + 4 * (b - m) / safe, share)
    return np.where(width > 0, a + width * unit, a)


def planning_values(options: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Duration and cost of options at the planning quantile.

    Parameters
    ----------
    options : polars.DataFrame
        Rows of the table `options`; one whose least, likeliest and greatest values are missing or
        out of order (which a check reports) is left out.
    settings : Settings
        Holds `planning_quantile`.

    Returns
    -------
    polars.DataFrame
        One row per option, in their order: `option`, `project`, `duration_quarters` (whole, at least
        1) and `cost_mvnd` (whole million VND), both rounded up.
    """
    share = float(settings.planning_quantile)
    stems = {"duration": "quarters", "cost": "mvnd"}
    three = {stem: [f"{stem}_{part}_{unit}" for part in ("low", "mode", "high")] for stem, unit in stems.items()}
    good = options.drop_nulls(["id", "project", *three["duration"], *three["cost"]]).filter(
        *((pl.col(low) <= pl.col(mode)) & (pl.col(mode) <= pl.col(high)) for low, mode, high in three.values())
    )

    def rounded_up(stem: str, noise: float) -> NDArray[np.int64]:
        low, mode, high = (good[name].to_numpy() for name in three[stem])
        return np.ceil(pert_quantile(low, mode, high, share) - noise).astype(np.int64)

    return pl.DataFrame(
        {
            "option": good["id"],
            "project": good["project"],
            "duration_quarters": np.maximum(1, rounded_up("duration", QUARTER_NOISE)),
            "cost_mvnd": rounded_up("cost", MONEY_NOISE),
        },
        schema={"option": pl.String, "project": pl.String, "duration_quarters": pl.Int64, "cost_mvnd": pl.Int64},
    )


def profile_parts(profile: str | Sequence[float] | None) -> list[int]:
    """Shares of a spend profile as whole numbers in proportion; an even profile is `[1]`.

    "0.2;0.3;0.5" gives `[2, 3, 5]` times a power of ten. Whole numbers keep the arithmetic of
    money exact. An empty profile is even.

    Raises
    ------
    ValueError
        If a share is negative or no number, or all are zero.
    """
    texts = profile.split(";") if isinstance(profile, str) else [str(x) for x in profile or ()]
    shares = [Decimal(text.strip()) for text in texts if text.strip()]
    if not shares:
        return [1]
    if any(not x.is_finite() or x < 0 for x in shares) or not any(shares):
        raise ValueError(f"spend profile {profile!r} is not made of shares")
    places = max(-int(x.as_tuple().exponent) for x in shares)
    return [int(x.scaleb(max(0, places))) for x in shares]


def quarter_spend(cost: int, duration: int, profile: str | Sequence[float] | None = None) -> list[int]:
    """Spend the whole cost over the quarters of a run, in whole million VND.

    Parameters
    ----------
    cost : int
        Million VND, not negative.
    duration : int
        Quarters, at least 1.
    profile : str or sequence of float, optional
        Shares of the cost over equal parts of the run ("0.2;0.3;0.5"); even when missing.

    Returns
    -------
    list of int
        One amount per quarter; the sum is `cost`. After j quarters the sum is the cost times the
        share that the profile has reached at j/duration, rounded down.
    """
    if cost < 0 or duration < 1:
        raise ValueError(f"cost {cost} or duration {duration} is out of range")
    parts = profile_parts(profile)
    n, total = len(parts), sum(parts)
    reached = [0]
    for part in parts:
        reached.append(reached[-1] + part)
    cumulated = [0]
    for j in range(1, duration + 1):
        whole, rest = divmod(j * n, duration)
        share = reached[whole] * duration + (parts[whole] * rest if rest else 0)
        cumulated.append(cost * share // (total * duration))
    return [after - before for before, after in itertools.pairwise(cumulated)]


def charged_spend(
    cost: int,
    duration: int,
    profile: str | Sequence[float] | None,
    start: int,
    spent_mvnd: int | None = None,
) -> tuple[int, list[int]]:
    """First quarter that is charged, and the amounts from there on, in whole million VND.

    A run that started before quarter 0 is charged only from quarter 0 on. Where it is known how
    much was spent, the rest of the cost is spread by the same profile over the quarters that are
    left; a run whose planned quarters are all past is charged nothing.
    """
    first = max(0, start)
    left = start + duration - first
    if left <= 0:
        return first, []
    if spent_mvnd is None:
        return first, quarter_spend(cost, duration, profile)[duration - left :]
    return first, quarter_spend(max(0, cost - spent_mvnd), left, profile)
