"""Every real file of the sample data is read and stored, or stands below with the reason why it is no feed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from tests.data import data_path, data_root

from khien.watch.feeds import Reading, read, ready
from khien.watch.observe import Store, WatchFindings
from khien.watch.places import to_34

WATCH = data_root() / "watch"

TABLES = {
    # file: mapping, observations
    "epi/vn_gdpm_monthly_province.parquet": ("vn-gdpm", 946_187),
    "epi/vn_dengue_districts_4prov_monthly.parquet": ("vn-dengue-districts", 12_323),
    "epi/opendengue_national_v1_3.parquet": ("opendengue", 25_061),
    "epi/dengue_san_juan_training.csv": ("dengue-san-juan", 988 * 5),
    "epi/dengue_iquitos_training.csv": ("dengue-iquitos", 468 * 5),
    "epi/dengue_san_juan_population.csv": ("dengue-san-juan-people", 17),
    "epi/dengue_iquitos_population.csv": ("dengue-iquitos-people", 15),
    "epi/dengue_taiwan_reporting_delay.parquet": ("dengue-taiwan-triangle", 15_697),
    "epi/dengue_peru_weekly_department.parquet": ("dengue-peru", 2 * 2292),
    "hazards/ibtracs_west_pacific.parquet": ("ibtracs", 91_374),
    "hazards/jma_best_track_2015_2021.parquet": ("jma-best-track", 3 * 6154),
    "hazards/dfo_large_floods_1985_2021.csv": ("dfo-floods", 15_141),
    "hazards/nasa_landslides_se_asia_2004_2016.csv": ("nasa-landslides", 1583),
    "hazards/usgs_earthquakes_asia_2018_2023.parquet": ("usgs-catalogue", 4828),
    "hazards/vn_climate_stations_monthly.parquet": ("vn-climate-stations", 251_396),
    "hazards/vn_climate_stations.csv": ("vn-stations", 67),
    "hazards/vn_climate_provinces_monthly_2008_2017.parquet": ("vn-climate-provinces", 7 * 6048),
    "hazards/vn_rainfall_stations_gso_monthly.csv": ("vn-rain-gso", 3136),
    "hazards/oni_dmi_monthly.csv": ("oni-dmi", 1313),
    "hazards/wfp_food_prices_vnm_2008_2019.csv": ("wfp-rice-vnm", 311),
    "hazards/camels_us_4_basins_daily.parquet": ("camels-us", 18_631),
    "indicators/inform_risk_2016.csv": ("inform-risk-2016", 4 * 191),
    "indicators/inform_risk_mid2018.csv": ("inform-risk-mid2018", 4 * 191),
    "indicators/inform_risk_2020.csv": ("inform-risk-2020", 4 * 191),
    "indicators/world_risk_index_2011_2021.csv": ("world-risk-index", 3 * 1917),
    "indicators/nd_gain_2016_release_1995_2014.parquet": ("nd-gain", 56_760),
    "indicators/world_bank_population.csv": ("world-bank-population", 17_195),
    "vietnam/vn_provinces_63.csv": ("vn-census-2019", 126),
    "vietnam/vn_provinces_34.csv": ("vn-provinces-2025", 68),
    "vietnam/vn_wards_3321.csv": ("vn-wards", 3321),
    "flusight/us_locations.csv": ("us-locations", 53),
}
HUBS = {
    "flusight/flu_truth_vintages.parquet": (544_821, 2),
    "covidhub/covid_truth_vintages.parquet": (170_540, 2),
    "respicast/respicast_truth_vintages.parquet": (928_102, 3),
}
RECORDS = {
    # file: kind, events or threats, links, observations
    "alerts/feeds/gdacs_rss.xml": ("rss", 16, 16, 13),
    "alerts/feeds/gdacs_rss_24h.xml": ("rss", 21, 21, 18),
    "alerts/feeds/gdacs_fixture_1.xml": ("rss", 4, 4, 4),
    "alerts/feeds/bom_australia_cap_rss.xml": ("rss", 1, 1, 0),
    "alerts/feeds/meteoalarm_legacy_atom_poland.xml": ("rss", 2, 2, 0),
    "alerts/feeds/usgs_all_week_2018-02.geojson": ("geojson", 1707, 0, 1679),
    "alerts/feeds/usgs_geojson_fixture.json": ("geojson", 3, 0, 0),
    "alerts/feeds/cap_feed_directory_alert_hub.json": ("directory", 0, 169, 0),
    "alerts/cyber/cisa_kev_to_2024.json": ("kev", 1239, 0, 353),
    "alerts/stix/mitre_ics_attack_18.1.json.gz": ("stix", 1826, 0, 0),
    "vietnam/vn_provinces_34.geojson": ("geojson", 0, 0, 0),
    "vietnam/vn_provinces.topojson": ("geojson", 0, 0, 0),
    "vietnam/vn_provinces_34_light.topojson": ("geojson", 0, 0, 0),
    "vietnam/vn_wards_3321.topojson": ("geojson", 0, 0, 0),
    "geo/world_countries_110m.topojson": ("geojson", 0, 0, 0),
    "geo/sea_rivers_10m.geojson": ("geojson", 0, 0, 0),
    "geo/sea_populated_places_10m.geojson": ("geojson", 0, 0, 0),
}
NO_FEED = {
    "metadata.md": "prose",
    "README.md": "prose",
    "MANIFEST.csv": "list of the files",
    "leaderboard.csv": "scores of other models, read by the backtest",
    "vintage_list.csv": "list of the vintages, read by the backtest",
    "reference_dates.csv": "what a forecaster could use, read by the backtest",
    "published_forecasts.parquet": "forecasts, read by the backtest; as a hub file they are told apart below",
    "vn_province_name_codes.csv": "crosswalk, in khien.watch.places",
    "vn_province_splits_1980_2017.csv": "crosswalk, in khien.watch.places",
    "cap_index.csv": "what is known of the CAP files",
    "cisa_kev_schema.json": "schema",
    "CAP-v1.2.xsd": "schema",
}


def test_no_file_is_forgotten() -> None:
    data_path("watch", "README.md")
    known = {*TABLES, *HUBS, *RECORDS}
    names = [p.relative_to(WATCH).as_posix() for p in WATCH.rglob("*") if p.is_file()]
    others = [n for n in names if n not in known and not n.startswith(("alerts/cap", "alerts/stix/"))]
    assert not [n for n in others if not n.endswith(tuple(NO_FEED))]
    assert {mapping for mapping, _ in TABLES.values()} == set(ready())


def stored(reading: Reading, tmp_path: Path) -> Store:
    """A new store with the reading in it, and the same reading refused nothing the second time."""
    assert reading.ok, [f.line("en") for f in reading.findings][:5]
    store = Store(tmp_path / "store")
    receipt = reading.into(store)
    assert receipt.added == reading.observations.height
    assert reading.into(store).entry is None
    return store


LARGE = pytest.param("epi/vn_gdpm_monthly_province.parquet", marks=pytest.mark.slow)


@pytest.mark.parametrize("name", [LARGE, *(name for name in TABLES if name not in LARGE.values)])
def test_every_table_is_read_by_its_mapping(name: str, tmp_path: Path) -> None:
    mapping, count = TABLES[name]
    reading = read(data_path("watch", *name.split("/")), "table", mapping=mapping)
    assert reading.observations.height == count
    stored(reading, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", HUBS)
def test_every_truth_of_a_hub_is_read(name: str, tmp_path: Path) -> None:
    count, targets = HUBS[name]
    reading = read(data_path("watch", *name.split("/")), "hub")
    assert (reading.observations.height, len(reading.indicators)) == (count, targets)
    stored(reading, tmp_path)


@pytest.mark.parametrize("name", RECORDS)
def test_every_feed_is_read(name: str, tmp_path: Path) -> None:
    kind, records, links, values = RECORDS[name]
    reading = read(data_path("watch", *name.split("/")), kind)
    assert sum(frame.height for frame in reading.records.values()) == records
    assert (len(reading.links), reading.observations.height) == (links, values)
    stored(reading, tmp_path)


@pytest.mark.parametrize("name", sorted(p.name for p in (WATCH / "alerts" / "stix").glob("*")))
def test_every_stix_bundle_is_read(name: str, tmp_path: Path) -> None:
    reading = read(WATCH / "alerts" / "stix" / name, "stix")
    assert reading.records["threats"].height > 0
    stored(reading, tmp_path)


@pytest.mark.slow
def test_the_hub_as_of_a_reference_date_is_the_vintage_of_its_rules(tmp_path: Path) -> None:
    """For each reference date the newest vintage two days before it, as the hub's list has it."""
    store = stored(read(data_path("watch", "flusight", "flu_truth_vintages.parquet"), "hub"), tmp_path)
    truth = pl.read_parquet(data_path("watch", "flusight", "flu_truth_vintages.parquet")).with_columns(
        pl.col("target", "location").cast(pl.String)
    )
    dates = pl.read_csv(data_path("watch", "flusight", "flu_reference_dates.csv"), try_parse_dates=True)
    for row in dates.sample(8, seed=1).iter_rows(named=True):
        when: date = row["reference_date"] - timedelta(days=2)
        known = store.as_of("wk-inc-flu-hosp", when).collect()
        vintage = truth.filter(pl.col("as_of") == row["as_of_to_use"], pl.col("target") == "wk inc flu hosp")
        joined = vintage.join(
            known.select(location="place", date=pl.col("valid").dt.date(), known="value"), on=["location", "date"]
        )
        assert joined.height == vintage.height
        assert joined["known"].equals(joined["value"], null_equal=True)
        assert known["issued"].max().date() == row["as_of_to_use"]  # type: ignore[union-attr]
        assert known["valid"].max().date() == row["last_date_in_vintage"]  # type: ignore[union-attr]


def test_published_forecasts_are_told_apart() -> None:
    reading = read(data_path("watch", "covidhub", "covid_published_forecasts.parquet"), "hub")
    assert [f.code for f in reading.findings] == ["skipped"]
    assert reading.observations.height == 0


@pytest.mark.slow
def test_dengue_of_2014_in_the_provinces_of_today(tmp_path: Path) -> None:
    """Sums over the change of 2025: no case is lost between the 63 and the 34."""
    reading = read(data_path("watch", "epi", "vn_gdpm_monthly_province.parquet"), "table", mapping="vn-gdpm")
    store = stored(reading, tmp_path)
    name = next(i for i in reading.indicators.frame["id"] if "dengue" in i and "cases" in i)
    frame = store.as_of(name, since="2014-01-01", until="2014-12-31").collect()
    findings = WatchFindings()
    found = to_34(frame, "count", findings)
    assert found["place"].n_unique() == 34
    assert found["value"].sum() == frame["value"].sum()
    assert not findings


def test_a_reporting_triangle_gives_what_was_known_each_day(tmp_path: Path) -> None:
    path = data_path("watch", "epi", "dengue_taiwan_reporting_delay.parquet")
    store = stored(read(path, "table", mapping="dengue-taiwan-triangle"), tmp_path)
    plain = pl.read_parquet(path).with_columns(pl.col("county").cast(pl.String))
    for when in (date(2007, 9, 1), date(2014, 11, 20), date(2015, 9, 30)):
        known = store.as_of("dengue-onsets", when).collect()
        told = plain.filter(
            ~pl.col("imported"), pl.col("county").is_not_null(), pl.col("notification_date") <= when
        )
        assert known["value"].sum() == told["cases"].sum()
