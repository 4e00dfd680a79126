"""The programme on mobility: what its published figures say, taken in as anybody would."""

import json
from decimal import Decimal

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import NotFound
from sekisho.model.indicator import Estimate, NotEstimable

PROGRAMME = "mobility-statistics"
TABLE = "us-daily-mobility"


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mobility") / "node"
    assert run(["init", str(folder), "--participant", "demo-statistics-office"]) == 0
    with sekisho.open(folder) as opened:
        opened.add_programme(PROGRAMME)
        yield opened


@pytest.fixture(scope="module")
def data(node):
    return node.public.open(PROGRAMME, TABLE)


def test_every_row_that_was_published_is_there(data):
    assert len(data.rows) == 52 * 396
    assert data.file.name == "us-daily-mobility.csv"
    assert "Descartes Labs" in data.table.licence


def test_in_april_the_country_moved_less_than_half_as_far(data):
    april = {
        f.at: f.estimate.value
        for f in data.result("country").figures
        if f.at.startswith("2020-04") and isinstance(f.estimate, Estimate)
    }
    assert len(april) == 29
    assert all(Decimal(-100) < change < Decimal(-50) for change in april.values())


def test_a_day_that_was_not_published_has_no_figure(data):
    assert "2020-04-20" not in {f.at for f in data.result("country").figures}


def test_the_effects_are_estimated_for_every_state_with_enough_days(data):
    figures = [f for f in data.result("stay-at-home").figures if f.what == "effect"]
    assert len(figures) == 39
    missing = {f.group: f.estimate for f in figures if isinstance(f.estimate, NotEstimable)}
    assert list(missing) == ["SC"]
    assert missing["SC"].code == "indicators.too-few-around"
    found = {f.group: f.estimate for f in figures if isinstance(f.estimate, Estimate)}
    below = [g for g, e in found.items() if e.high is not None and e.high < 0]
    assert len(below) == 15
    assert not [g for g, e in found.items() if e.low is not None and e.low > 0]
    assert sorted(e.value for e in found.values())[len(found) // 2] < -5


def test_words_say_what_the_figures_do_not_show(data):
    from sekisho.present.indicators import words_of
    from sekisho.terms import Language

    result = data.result("stay-at-home")
    for language, proof in ((Language.EN, "no proof"), (Language.JA, "証明ではありません")):
        words = words_of(result, str, language)
        assert any(proof in each for each in words)
        assert any("9" in each and "38" in each for each in words[-1:])


def test_opening_costs_no_budget_and_changes_nothing(node, data):
    before = node._house.store.entry_count()
    data.to_json()
    assert node._house.store.entry_count() == before
    assert node.budgets(PROGRAMME) == ()


def test_a_name_that_is_none_is_answered_with_those_that_are(node, data):
    with pytest.raises(NotFound, match="us-daily-mobility"):
        node.public.open(PROGRAMME, "us-mobility")
    with pytest.raises(NotFound, match="stay-at-home"):
        data.result("stay")


def test_the_json_holds_every_row_and_every_figure(data):
    whole = json.loads(data.to_json())
    assert len(whole["rows"]) == len(data.rows)
    assert whole["programme"]["sha256"] == data.digest
    assert {each["id"] for each in whole["indicators"]} == {"country", "states", "stay-at-home"}
    frame = data.to_pandas()
    assert list(frame.columns) == ["day", "area", "m50_index", "m50_km", "devices"]
    assert "stay-at-home" in data._repr_html_() or "orders" in data._repr_html_()
