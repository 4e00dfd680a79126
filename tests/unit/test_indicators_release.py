"""Indicators of a release: from its numbers alone, under its digest, hidden cells never used."""

import json
from decimal import Decimal
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from sekisho.errors import UsageError
from sekisho.gate.indicators import refuse_unmeasurable
from sekisho.lanes.statistics.indicators import regress
from sekisho.lanes.statistics.indicators.measure import measure
from sekisho.lanes.statistics.indicators.readings import readings_of_table
from sekisho.model.indicator import Estimate, NotEstimable, Policy
from sekisho.model.table import SUPPRESSED, Row, Suppressed, Table, TableDimension, Uncertainty
from sekisho.model.text import Text
from sekisho.web.app import create_app
from tests.lib import small
from tests.lib.indicators import indicator

INDICATORS = """
[[indicators]]
id = "growth"
title = { en = "Growth of regions", ja = "地域の伸び" }
time = "year"
by = "region"
growth = { against = "previous" }

[[indicators]]
id = "north"
title = { en = "Index of one town", ja = "町の指数" }
time = "year"
where = { town = "n1" }
index = { base = "2019" }

[[indicators]]
id = "all"
title = { en = "Compound growth of all", ja = "全体の年平均の伸び" }
time = "year"
compound = { first = "2019", last = "2021" }
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    import sekisho

    folder = tmp_path_factory.mktemp("indicators")
    root = small.write_programme(folder)
    with (root / "releases" / "by-place.toml").open("a", encoding="utf-8") as file:
        file.write(INDICATORS)
    secret = {"p-percent": small.SECRET_P}
    with sekisho.init(folder / "node", small.OWNER, sensitivity=secret) as opened:
        opened.add_programme(root)
        sales = small.write_sales(folder / "sales.csv", small.rows())
        opened.load(small.PROGRAMME, "sales", sales)
        opened.release(small.PROGRAMME, "by-place")
        yield opened


@pytest.fixture(scope="module")
def released(node):
    return node.released(f"{small.PROGRAMME}.by-place.r1")


def shown(table, **wanted):
    """The cell of a row by its groups; columns that are not named are at total."""
    for row in table:
        groups = dict(zip(table.group_columns, row.groups, strict=True))
        if all(groups[c] == wanted.get(c) for c in groups):
            return row.cell
    return None


def test_the_papers_hold_what_the_numbers_give(node, released):
    plan = node.programme(small.PROGRAMME).plan("by-place")
    again = [measure(each, readings_of_table(released.table, each)) for each in plan.indicators]
    assert list(released.indicators) == again
    about = json.loads(released.files["release.json"].read_text("utf-8"))
    assert [each["id"] for each in about["indicators"]] == ["growth", "north", "all"]
    assert "release.json" in released.release.files
    assert node.proof(released.id).verified


def test_growth_is_that_of_the_cells_that_are_shown_and_of_no_other(released):
    found = 0
    for figure in released.indicators[0].figures:
        year = figure.at or "2019"
        now = shown(released.table, region=figure.group, year=year)
        before = shown(released.table, region=figure.group, year=str(int(year) - 1))
        if isinstance(figure.estimate, Estimate):
            found += 1
            assert not isinstance(now, Suppressed)
            assert not isinstance(before, Suppressed)
            wanted = (Decimal(now) / Decimal(before) - 1) * 100
            assert abs(figure.estimate.value - wanted) <= Decimal("0.005")
        else:
            assert figure.estimate.code == "indicators.hidden-number"
            assert isinstance(now, Suppressed) or isinstance(before, Suppressed)
    assert found


def test_a_finer_level_is_read_with_its_wider_one(released):
    cells = [shown(released.table, region="north", town="n1", year=str(y)) for y in (2019, 2020)]
    figures = released.indicators[1].figures
    if any(isinstance(each, Suppressed) for each in cells):
        assert any(isinstance(f.estimate, NotEstimable) for f in figures)
    else:
        assert [f.at for f in figures] == ["2019", "2020", "2021"]


def test_the_page_says_them_in_both_languages(node, released):
    client = TestClient(create_app(node), base_url="http://127.0.0.1")
    for language, words in (("en", "no data was opened"), ("ja", "データは開いておらず")):
        page = client.get(f"/{language}/releases/{small.PROGRAMME}/by-place").text
        assert words in page
        assert 'id="indicator-growth"' in page
    place = f"/ja/releases/{small.PROGRAMME}/by-place/r1/indicators"
    growth = any(isinstance(f.estimate, Estimate) for f in released.indicators[0].figures)
    assert client.get(f"{place}/growth/chart.svg").status_code == (200 if growth else 404)
    assert client.get(f"{place}/none/chart.svg").status_code == 404


def test_papers_that_were_changed_are_not_shown(node, released, tmp_path):
    from sekisho.errors import TamperedError
    from sekisho.terms import Language
    from sekisho.web.pages.indicators import released_view

    changed = tmp_path / "release.json"
    text = released.files["release.json"].read_text("utf-8")
    changed.write_text(text.replace('"all"', '"mine"'), "utf-8")

    files = {**released.files, "release.json": changed}
    forged = SimpleNamespace(release=released.release, files=files)
    with pytest.raises(TamperedError):
        released_view(forged, Language.EN)


def test_a_plan_that_cannot_be_worked_out_here_is_refused_before_anything_leaves(monkeypatch, node):
    from dataclasses import replace

    plan = node.programme(small.PROGRAMME).plan("by-place")
    policy = indicator(Policy((("", "2020"),), (), "2019", "2021"))
    refuse_unmeasurable(replace(plan, indicators=(policy,)))
    monkeypatch.setattr(regress, "find_spec", lambda _name: None)
    refuse_unmeasurable(plan)
    with pytest.raises(UsageError, match=r"sekisho\[indicators\]"):
        refuse_unmeasurable(replace(plan, indicators=(policy,)))


def noisy(cells):
    """A released table of years whose numbers carry noise."""
    year = TableDimension(
        "year", Text("Year", "年"), ("year",), (Text("Year", "年"),), Text("All", "計")
    )
    error = Uncertainty(Decimal(3), Decimal(0), Decimal(0))
    rows = [Row((None,), 999, error)]
    for at, cell in cells.items():
        rows.append(Row((at,), cell, None if isinstance(cell, Suppressed) else error))
    return Table(
        "t", Text("T", "T"), (year,), "v", Text("V", "V"), Text("persons", "人"), 0, tuple(rows)
    )


def test_the_noise_of_a_release_is_carried_into_every_figure():
    from sekisho.model.indicator import Growth

    asked = indicator(Growth("previous"))
    asked = type(asked)(**{**{n: getattr(asked, n) for n in type(asked).__slots__}, "time": "year"})
    table = noisy({"2019": 100, "2020": 150, "2021": SUPPRESSED})
    readings = readings_of_table(table, asked)
    assert [(r.at, r.value, r.standard_error) for r in readings] == [
        ("2019", 100, 3),
        ("2020", 150, 3),
        ("2021", None, 0),
    ]
    first, second = measure(asked, readings).figures
    assert first.estimate.value == Decimal("50.00")
    half = 1.96 * 100 * (3**2 + 1.5**2 * 3**2) ** 0.5 / 100
    assert abs(float(first.estimate.high - first.estimate.low) / 2 - half) < 0.1
    assert second.estimate.code == "indicators.hidden-number"
