"""A median goes the whole way: price, charge, draw, papers; and says that it has no interval."""

import csv
import json
from pathlib import Path

import pytest

from sekisho.terms import Language
from tests.lib import private

PLAN = "median-minutes"
SQL = "SELECT area, MEDIAN(minutes) AS median FROM trips GROUP BY ROLLUP (area)"
TOML = """
schema = 1
id = "median-minutes"
method = "differential-privacy"
epsilon = "1"
title = { en = "Minutes by area", ja = "地区別の分数" }
description = { en = "Made up.", ja = "架空の表です。" }

[measure]
column = "median"
title = { en = "Median minutes", ja = "分数の中央値" }
unit_of_measure = { en = "min", ja = "分" }

[[dimensions]]
id = "area"
title = { en = "Area", ja = "地区" }
total = { en = "All areas", ja = "全地区" }
levels = [{ column = "area", title = { en = "Area", ja = "地区" } }]
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    import sekisho

    folder: Path = tmp_path_factory.mktemp("medians")
    root = private.write_programme(folder)
    (root / f"releases/{PLAN}.toml").write_text(TOML.lstrip("\n"), encoding="utf-8")
    (root / f"releases/{PLAN}.sql").write_text(SQL + "\n", encoding="utf-8")
    with sekisho.init(folder / "node", private.OWNER) as opened:
        opened.add_programme(root)
        opened.load(
            private.PROGRAMME, "trips", private.write_trips(folder / "trips.csv", private.rows())
        )
        yield opened


def test_a_release_plan_of_a_median_leaves_with_noise_and_without_an_interval(node):
    made = node.release(private.PROGRAMME, PLAN)
    assert made.table.is_estimated
    assert not made.table.has_intervals
    lines = list(csv.DictReader(made.files[f"{PLAN}.csv"].read_text("utf-8").splitlines()))
    assert all(0 <= float(line["median"]) <= 600 for line in lines)
    assert {line["standard_error"] for line in lines} == {""}
    said = made.files[f"{PLAN}.svg"].read_text(encoding="utf-8")
    assert "for none an interval is known" in said
    about = json.loads(made.files["release.json"].read_bytes())
    assert about["privacy"]["interval"].startswith("none")
    readme = made.files[f"{PLAN}.README.md"].read_text(encoding="utf-8")
    assert "how far the noise carried its numbers is not known" in readme
    assert "95 %" not in readme


def test_the_same_release_again_is_the_same_draw_and_costs_nothing(node):
    first, again = (node.release(private.PROGRAMME, PLAN) for _ in range(2))
    assert first.id == again.id
    assert first.table == again.table


def test_a_dry_run_says_how_many_rows_a_median_will_be_off(node):
    quoted = node.query(
        private.PROGRAMME, SQL, purpose=private.PURPOSE, epsilon="0.5", dry_run=True
    )
    assert any("rows off its place" in line for line in quoted.lines(Language.EN))
    assert any("行ずれます" in line for line in quoted.lines(Language.JA))
    assert any("one of 1024 bins" in step for step in quoted.explain(Language.EN))
    assert "places_off" in quoted.to_json()["expected"][0]


def test_an_answer_says_of_a_median_that_its_error_is_not_known_as_an_interval(node):
    answer = node.query(private.PROGRAMME, SQL, purpose=private.PURPOSE, epsilon="0.5")
    notes = answer.notes(Language.EN)
    assert any(note.startswith("a number without ±") for note in notes)
    assert not any(note.startswith("every number carries noise: ±") for note in notes)
