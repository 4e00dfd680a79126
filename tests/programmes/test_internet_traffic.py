"""Internet traffic: simulated returns keep to what is declared, and volumes add up as they should."""

import calendar
from decimal import Decimal

import duckdb
import pytest

from sekisho.programmes.lookup_rows import fits
from sekisho.programmes.read import read_programme
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import Language

FOLDER = shipped_programmes()["internet-traffic"]
PROGRAMME = read_programme(FOLDER)
RETURNS = {each.id: FOLDER / "sample" / f"{each.id}.csv" for each in PROGRAMME.datasets}
PUBLISHED_GBPS = {"2019-05": 12_100, "2019-11": 12_700, "2020-11": 19_800, "2021-05": 23_900}
"""The ministry's estimates of downloads by broadband subscribers."""


def rows_of(dataset: str, columns: str = "*"):
    return duckdb.sql(f"SELECT {columns} FROM read_csv('{RETURNS[dataset]}', all_varchar = true)")


@pytest.mark.parametrize("dataset", sorted(RETURNS))
def test_every_value_keeps_to_its_declaration(dataset):
    declared = PROGRAMME.dataset(dataset)
    assert rows_of(dataset).columns == [column.name for column in declared.brought.columns]
    for column in declared.brought.columns:
        values = [value for (value,) in rows_of(dataset, f"DISTINCT {column.name}").fetchall()]
        assert [value for value in values if not fits(column, value)] == []


@pytest.mark.parametrize("dataset", sorted(RETURNS))
def test_a_volume_is_its_rate_times_the_seconds_of_the_month(dataset):
    for month, gbps, volume in rows_of(dataset, "month, gbps, volume_gbit").fetchall():
        year, number = map(int, month.split("-"))
        seconds = 7200 * calendar.monthrange(year, number)[1]
        assert abs(Decimal(gbps) * seconds - Decimal(volume)) <= Decimal("0.05")


def test_simulated_downloads_follow_the_published_estimates():
    found = rows_of("subscribers-download-returns")
    means = found.query(
        "found",
        "SELECT month, sum(gbps::DECIMAL(18, 3)) / 12 FROM found WHERE category = 'A1' GROUP BY month",
    ).fetchall()
    assert len(means) == 5
    for month, mean in means:
        if month in PUBLISHED_GBPS:
            assert float(mean) == pytest.approx(0.60 * PUBLISHED_GBPS[month], rel=1e-3)


def test_no_table_adds_both_sides_or_both_directions():
    for plan in PROGRAMME.release_plans:
        (dataset,) = [each for each in RETURNS if f'"{each}"' in plan.sql]
        kinds = {row[0][0] for row in rows_of(dataset, "DISTINCT category").fetchall()}
        assert len(kinds) == 1
        assert "direction" not in rows_of(dataset).columns


@pytest.mark.parametrize("language", list(Language))
def test_every_title_says_that_the_returns_are_simulated(language):
    word = {Language.EN: "simulated", Language.JA: "模擬データ"}[language]
    for each in (*PROGRAMME.release_plans, *PROGRAMME.datasets):
        assert word in each.title.said(language)
