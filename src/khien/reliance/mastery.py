"""What is mastered, stage by stage, and how complete the transfer behind it is.

Method page: docs/methods/mastery-and-transfer.md.
"""

from __future__ import annotations

import polars as pl

from khien.programme import Programme

TRANSFER_ELEMENTS = ("design", "experts", "processes", "documents", "rights")
"""The five elements of a real transfer."""

EVEN = 9
"""Decimals to which a mean of shares is rounded, so that five times 0.8 reaches a threshold of 0.8."""


def mastery(programme: Programme) -> pl.DataFrame:
    """Where every technology and product stands today, at every stage.

    Returns
    -------
    polars.DataFrame
        One row per subject and stage, stages in order: `subject`, `kind` ("technology" or
        "product"), `group`, `trl` (null where not known, and for products), `stage`, `order`,
        `level` and `domestic_share` (0 to 1; null where nothing is known), `mastered` (the level
        reaches the programme's threshold), `at_home` (so does the domestic share), `status` of
        the evidence (claimed, verified, accepted, illustrative; null where no source is given).
    """
    settings = programme.settings
    subjects = pl.concat(
        [
            programme.technologies.select(
                pl.col("id").alias("subject"), pl.lit("technology").alias("kind"), "group", "trl"
            ),
            programme.products.select(
                pl.col("id").alias("subject"),
                pl.lit("product").alias("kind"),
                "group",
                pl.lit(None, dtype=pl.Int64).alias("trl"),
            ),
        ]
    )
    stages = programme.stages.select(pl.col("id").alias("stage"), "order")
    return (
        subjects.join(stages, how="cross")
        .join(programme.maturity, on=["subject", "stage"], how="left")
        .with_columns(
            (pl.col("level") >= settings.mastery_threshold).fill_null(False).alias("mastered"),
            (
                (pl.col("level") >= settings.mastery_threshold)
                & (pl.col("domestic_share") >= settings.domestic_threshold)
            )
            .fill_null(False)
            .alias("at_home"),
        )
        .join(_evidence(programme), on=["subject", "stage"], how="left")
        .sort("kind", "subject", "order")
        .select(
            "subject",
            "kind",
            "group",
            "trl",
            "stage",
            "order",
            "level",
            "domestic_share",
            "mastered",
            "at_home",
            "status",
        )
    )


def _evidence(programme: Programme) -> pl.DataFrame:
    """Weakest evidence status behind each maturity row."""
    ranks = ["illustrative", "claimed", "verified", "accepted"]
    parts = pl.col("row").str.split_exact("|", 1)
    return (
        programme.sources_of_facts.filter((pl.col("table") == "maturity") & pl.col("column").is_in(["*", "level"]))
        .with_columns(
            parts.struct.field("field_0").alias("subject"),
            parts.struct.field("field_1").alias("stage"),
            pl.col("status").replace_strict(ranks, range(len(ranks)), return_dtype=pl.Int64).alias("rank"),
        )
        .sort("rank")
        .group_by("subject", "stage", maintain_order=True)
        .agg(pl.col("status").first())
    )


def transfer(programme: Programme) -> pl.DataFrame:
    """How complete the transfer of every option is.

    Returns
    -------
    polars.DataFrame
        One row per option, in the order of the table: `option`, `project`, `form`, `partner`, the
        five elements `design`, `experts`, `processes`, `documents`, `rights` (0 to 1, null where
        unknown), `unknown` (how many are), `completeness` (mean of the five; an unknown counts 0)
        and `complete` (it reaches the programme's threshold). Own work needs no transfer: all 1.
    """
    own = pl.col("form") == "own"
    partner = pl.when(~own).then(pl.col("partner")).alias("partner")
    elements = [pl.when(own).then(1.0).otherwise(pl.col(f"transfer_{name}")).alias(name) for name in TRANSFER_ELEMENTS]
    return (
        programme.options.select(pl.col("id").alias("option"), "project", "form", partner, *elements)
        .with_columns(
            pl.sum_horizontal(pl.col(n).is_null() for n in TRANSFER_ELEMENTS).cast(pl.Int64).alias("unknown"),
            (pl.sum_horizontal(pl.col(n).fill_null(0.0) for n in TRANSFER_ELEMENTS) / len(TRANSFER_ELEMENTS))
            .round(EVEN)
            .alias("completeness"),
        )
        .with_columns((pl.col("completeness") >= programme.settings.transfer_threshold).alias("complete"))
    )
