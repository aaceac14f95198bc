"""Everything that self-reliance has to say about one year, as one result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from khien.programme import Programme
from khien.programme.writing import write_file
from khien.reliance.cuts import MONTHS_PER_QUARTER, Cut, everything_foreign
from khien.reliance.dependence import dependence
from khien.reliance.mastery import mastery
from khien.reliance.purchases import concentration, item_purchases, localisation
from khien.reliance.site_failures import double_site_failures, single_site_failures
from khien.reliance.standing import Stand
from khien.reliance.under_shock import NONE, coverage_under_shock, cut_months, mean_over_time, months_survived
from khien.reliance.weak_points import localisation_by_weight, not_known, red_nodes, single_sources

ALL_PAIRS, WORST_PAIRS = 80, 200
"""Up to so many sites every pair is judged; of more, so many of the worst are found."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Reliance:
    """What the country can still do on its own in one year.

    `frames` holds one table a measure; their columns are told by the functions that make them:

    - `capabilities`, `over_time` and `survived`: under the cut asked about;
    - `dependence`: on everybody abroad, each partner, each country;
    - `sites`, `suppliers`, `pairs`, `red`: failures of sites and of suppliers with all their sites, and what red
      sites need; of more than 80 sites the 200 worst pairs;
    - `single_sources`, `mastery`, `mastery_by_stage`, `localisation`, `concentration`;
    - `not_known`: the empty cells that make the worst and the best case differ.
    """

    programme_hash: str
    first: int
    year: int
    cut: str
    months: float
    coverage: float
    worst: float
    best: float
    seconds: float
    frames: dict[str, pl.DataFrame]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain = {name: value for name, value in vars(self).items() if name != "frames"}
        return plain | {name: frame.to_dicts() for name, frame in self.frames.items()}

    def write_csv(self, folder: str | Path) -> list[Path]:
        """One CSV file a table; the files."""
        place = Path(folder)
        files = [place / f"{name}.csv" for name in self.frames]
        for file, frame in zip(files, self.frames.values(), strict=True):
            write_file(file, _flat(frame).write_csv)
        return files

    def write_xlsx(self, path: str | Path) -> Path:
        """One workbook, one sheet a table."""
        file = Path(path)
        write_file(file, self._fill)
        return file

    def _fill(self, place: Path) -> None:
        import xlsxwriter

        with xlsxwriter.Workbook(str(place)) as book:
            for name, frame in self.frames.items():
                _flat(frame).write_excel(book, worksheet=name, autofit=True, freeze_panes=(1, 0))


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text, which CSV files and cells can hold."""
    lists = [name for name, kind in frame.schema.items() if isinstance(kind, pl.List)]
    return frame.with_columns(pl.col(name).list.join("; ") for name in lists)


def reliance(
    programme: Programme,
    stand: Stand,
    *,
    first: int,
    cut: Cut | None = None,
    months: float | None = None,
    level: float | None = None,
    progress: Progress | None = None,
) -> Reliance:
    """All measures of self-reliance for the cut and the quarter asked about.

    Parameters
    ----------
    programme : Programme
    stand : callable
        How things stand when given organisations are cut off: `fixed(standing)`, or `stand_under` of a plan.
    first : int
        Quarter of the programme on whose first day the cut begins.
    cut : Cut, optional
        Everything foreign, if left out.
    months : float, optional
        Length of the cut; the programme's `cut_quarters` if left out. It ends with the programme at the latest.
    level : float, optional
        Coverage to be held (see `months_survived`).
    progress : callable, optional
        Called with the measure at hand, how much of it is done, and of how much.

    Raises
    ------
    SolverStopped
        A linear programme did not end in time.
    """
    began = time.perf_counter()
    cut = everything_foreign(programme) if cut is None else cut
    length = cut_months(programme) if months is None else float(months)
    length = min(length, float(MONTHS_PER_QUARTER * (programme.n_quarters - first)))

    def tell(measure: str) -> Callable[[int, int], None]:
        return lambda done, of: progress(measure, done, of) if progress is not None else None

    over_time = coverage_under_shock(programme, stand, cut, first=first, months=length)
    means = mean_over_time(over_time)
    sites = single_site_failures(programme, stand, first=first)
    top = None if sites.height <= ALL_PAIRS else WORST_PAIRS
    frames = {
        "capabilities": means,
        "over_time": over_time,
        "survived": months_survived(programme, stand, cut, first=first, level=level),
        "dependence": dependence(programme, stand, first=first, months=length, progress=tell("dependence")),
        "sites": sites,
        "suppliers": single_site_failures(programme, stand, first=first, by="organisation"),
        "pairs": double_site_failures(programme, stand, first=first, top=top, progress=tell("pairs")),
        "red": red_nodes(programme, stand, first=first),
        "single_sources": single_sources(programme),
        "mastery": mastery(programme),
        "mastery_by_stage": mastery_by_stage(programme),
        "localisation": localisation(programme).join(localisation_by_weight(programme), on="product", how="left"),
        "concentration": concentration(programme, item_purchases(programme)),
        "not_known": not_known(programme, stand(NONE), first),
    }
    whole = means.filter(pl.col("capability") == "all").to_dicts()
    figures = whole[0] if whole else {"coverage": 0.0, "worst": 0.0, "best": 0.0}
    return Reliance(
        programme_hash=programme.hash,
        first=first,
        year=programme.year(first),
        cut=cut.name,
        months=length,
        coverage=figures["coverage"],
        worst=figures["worst"],
        best=figures["best"],
        seconds=time.perf_counter() - began,
        frames=frames,
    )


def mastery_by_stage(programme: Programme) -> pl.DataFrame:
    """How many technologies and products are mastered at each stage, in the order of the stages.

    Returns
    -------
    polars.DataFrame
        `kind`, `stage`, `subjects` (all), `known` (with a level), `mastered`, `at_home`.
    """
    return (
        mastery(programme)
        .group_by("kind", "stage", "order")
        .agg(
            pl.len().cast(pl.Int64).alias("subjects"),
            pl.col("level").is_not_null().sum().cast(pl.Int64).alias("known"),
            pl.col("mastered").sum().cast(pl.Int64),
            pl.col("at_home").sum().cast(pl.Int64),
        )
        .sort("kind", "order", descending=[True, False])
        .drop("order")
    )
