"""The programme on mobility: what its published figures say, taken in as anybody would."""

import json
from datetime import date
from decimal import Decimal

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import NotFound
from sekisho.gate.part_checks import SaidOfPart
from sekisho.model.actor import Actor, Participant
from sekisho.model.indicator import Estimate, NotEstimable
from sekisho.model.text import Text
from sekisho.programmes.shipped import shipped_programmes
from sekisho.terms import Language, ParticipantKind, Role

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


KEY_CHECK = "65417f69d4f5b0b60f58cff6ee7ac150"
STRETCHES = {1: (date(2020, 3, 1), date(2020, 4, 19)), 2: (date(2020, 4, 21), date(2020, 5, 15))}


@pytest.fixture(scope="module")
def carriers(node):
    """The node once both made-up carriers have brought their parts."""
    sample = shipped_programmes()[PROGRAMME] / "sample"
    for carrier in ("a", "b"):
        name = Text(f"Carrier {carrier} (made up)", f"通信会社{carrier}（架空）")
        holder = f"demo-carrier-{carrier}"
        node.add_participant(Participant(holder, name, ParticipantKind.BUSINESS_OPERATOR, "JP"))
        node.add_actor(Actor(f"officer-{carrier}", holder, frozenset({Role.DATA_HOLDER})))
        officer = node.as_(f"officer-{carrier}")
        for number, days in STRETCHES.items():
            file = sample / f"carrier-{carrier}-{number}.parquet"
            officer.load(PROGRAMME, "device-days", file, part=SaidOfPart(KEY_CHECK, days))
    return node


@pytest.fixture(scope="module")
def by_day(carriers):
    return carriers.release(PROGRAMME, "daily-distance")


def test_the_medians_of_both_carriers_subscribers_are_near_the_published_ones(data, by_day):
    published = {r["day"]: r["m50_km"] for r in data.rows if r["area"] == "HI"}
    off = [
        abs(float(row.cell) / float(published[row.groups[0]]) - 1)
        for row in by_day.table.rows
        if row.groups[0] is not None and published[row.groups[0]]
    ]
    assert len(off) == 75
    assert sum(off) / len(off) < 0.12


def test_the_release_names_its_holders_and_none_is_missing(by_day):
    assert by_day.release.parts.present == ("demo-carrier-a", "demo-carrier-b")
    assert by_day.holders_said(Language.EN) == [
        "Made from the parts of demo-carrier-a, demo-carrier-b."
    ]


def test_page_and_papers_call_the_holders_by_name_in_both_languages(carriers, by_day):
    from openpyxl import load_workbook
    from starlette.testclient import TestClient

    from sekisho.web.app import create_app

    both = {
        "": "Made from the parts of Carrier a (made up), Carrier b (made up).",
        ".ja": "通信会社a（架空）、通信会社b（架空）の部分から作りました。",
    }
    client = TestClient(create_app(carriers), base_url="http://127.0.0.1:8080")
    for tongue, said in both.items():
        page = client.get(f"/{tongue[1:] or 'en'}/releases/{PROGRAMME}/daily-distance")
        assert page.status_code == 200
        assert said in page.text
        readme = by_day.files[f"daily-distance.README{tongue}.md"].read_text(encoding="utf-8")
        assert said in readme
        book = load_workbook(by_day.files[f"daily-distance{tongue}.xlsx"], read_only=True)
        assert said in {cell for row in book.worksheets[-1].values for cell in row}


def test_people_moved_far_less_since_the_order_and_the_interval_says_so(by_day):
    (policy,) = [r for r in by_day.indicators if r.indicator.id == "stay-at-home"]
    (effect,) = [f for f in policy.figures if f.what == "effect"]
    assert -95 < effect.estimate.low < effect.estimate.value < effect.estimate.high < -60


def test_subscribers_of_both_carriers_count_as_one_person(carriers):
    """4,000 people have 4,200 contracts."""
    asked = """SELECT COUNT(DISTINCT device) AS people FROM "device-days" WHERE day <= DATE '2020-03-31'"""
    told = carriers.query(PROGRAMME, asked, purpose="dpv:OfficialStatistics", epsilon="1")
    (people,) = told.table.column("people")
    assert abs(float(people) - 4000) < 80
