"""The programme on health statistics: taken in from its folder, loaded, released, as anybody would."""

import json

import pytest

import sekisho
from sekisho.cli.main import run
from sekisho.errors import DeliveryError, UsageError
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.indicator import Estimate
from sekisho.programmes.shipped import shipped_programmes
from tests.lib import health_sample

PROGRAMME = "health-statistics"
FOLDER = shipped_programmes()[PROGRAMME]
SAMPLE = FOLDER / "sample"
OBJECTS = "simulated-2"


def started(folder):
    assert run(["init", str(folder), "--participant", "demo-hospital-tokyo"]) == 0
    return sekisho.open(folder)


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    (folder / "nobody.txt").write_text("", "utf-8")
    (folder / "one.txt").write_text(f"{OBJECTS}\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def node(tmp_path_factory, lists):
    with started(tmp_path_factory.mktemp("health") / "node") as opened:
        opened.add_programme(PROGRAMME)
        opened.load(PROGRAMME, "cases", SAMPLE / "cases.csv")
        for dataset in ("conditions", "encounters"):
            opened.load(PROGRAMME, dataset, SAMPLE / "population.json", opt_outs=lists / "one.txt")
        yield opened


def people():
    """The invented population, by the id of each person."""
    found = {}
    for line in (SAMPLE / "population.json").read_text("utf-8").splitlines()[1:-1]:
        each = json.loads(line.removesuffix(","))["resource"]
        whose = each["id"] if each["resourceType"] == "Patient" else each["subject"]["reference"]
        found.setdefault(whose.removeprefix("Patient/"), []).append(each)
    return found


def value(released, *groups):
    (found,) = [row.cell for row in released.table.rows if row.groups == groups]
    return float(found)


def test_the_samples_are_what_the_script_makes_and_hold_nobody():
    daily = (FOLDER / "public" / "tokyo-daily-cases.csv").read_text("utf-8")
    assert (SAMPLE / "cases.csv").read_text("utf-8") == health_sample.cases(daily)
    assert (SAMPLE / "population.json").read_text("utf-8") == health_sample.population()


def test_only_the_number_of_cases_a_day_is_published(node):
    data = node.public.open(PROGRAMME, "tokyo-daily-cases")
    assert [column.name for column in data.table.columns] == ["day", "cases", "seven_days"]
    assert sum(int(row["cases"]) for row in data.rows) == 484
    growth = [f.estimate for f in data.result("growth").figures]
    assert sum(isinstance(each, Estimate) for each in growth) == 30
    index = {f.at: f.estimate.value for f in data.result("seven-days").figures}
    assert index["2020-03-07"] == 100
    assert index["2020-03-31"] > 1000


@pytest.mark.slow
def test_cases_add_up_over_days_ages_and_sexes(node):
    released = node.release(PROGRAMME, "cases-by-day-age-sex")
    whole = value(released, None, None, None)
    assert abs(whole - 484) < 40
    bands = [row for row in released.table.rows if row.groups[0] is None and row.groups[2] is None]
    assert sum(float(row.cell) for row in bands if row.groups[1]) == whole
    days = [row for row in released.table.rows if row.groups[0] and row.groups[1:] == (None, None)]
    assert len(days) == 31
    assert sum(float(row.cell) for row in days) == whole


def test_persons_by_illness_are_near_what_the_population_holds(node):
    diabetes = [
        each
        for each in people().values()
        if any(r.get("code", {}).get("coding", [{}])[0].get("code") == "44054006" for r in each)
    ]
    released = node.release(PROGRAMME, "persons-by-age-and-illness")
    assert abs(value(released, None, "diabetes") - len(diabetes)) < 60


def test_the_median_age_of_diabetes_lies_above_that_of_covid(node):
    released = node.release(PROGRAMME, "age-at-onset")
    assert 40 <= value(released, "diabetes") <= 75
    assert value(released, "covid") < value(released, "diabetes")


def visits_of_each():
    return [sum(r["resourceType"] == "Encounter" for r in each) for each in people().values()]


def test_visits_of_each_person_have_a_histogram(node):
    visits = visits_of_each()
    histogram = node.release(PROGRAMME, "visits-per-person")
    assert abs(value(histogram, None) - len(visits)) < 40
    assert abs(value(histogram, "1") - visits.count(1)) < 40


@pytest.mark.slow
def test_the_mean_is_of_each_persons_own_number(node):
    visits = visits_of_each()
    mean = value(node.release(PROGRAMME, "mean-visits"), None)
    assert abs(mean - sum(visits) / len(visits)) < 0.5


@pytest.mark.slow
def test_ten_patients_drown_in_the_noise(tmp_path, lists):
    """At epsilon 1 nearly every count of an illness among ten may as well be a count of nobody."""
    with started(tmp_path / "node") as small:
        small.add_programme(PROGRAMME)
        taken = small.load(
            PROGRAMME, "conditions", SAMPLE / "synthea.json", opt_outs=lists / "nobody.txt"
        )
        assert taken.rows == 54
        asked = "SELECT condition, COUNT(DISTINCT patient) AS people FROM conditions GROUP BY 1"
        told = small.query(PROGRAMME, asked, purpose="dpv:OfficialStatistics", epsilon="1")
        found = [row.numbers["people"].interval for row in told.table.rows]
        assert len(found) == 21
        assert sum(each.low <= 0 < each.high for each in found) >= 14


def test_records_without_a_list_of_who_objects_are_refused(node):
    before = node._house.store.entry_count()
    with pytest.raises(UsageError, match="--opt-outs"):
        node.load(PROGRAMME, "conditions", SAMPLE / "synthea.json")
    assert node._house.store.entry_count() == before


def test_a_list_that_nothing_would_heed_is_refused(node, lists):
    with pytest.raises(UsageError, match="cannot be heeded"):
        node.load(PROGRAMME, "cases", SAMPLE / "cases.csv", opt_outs=lists / "one.txt")


def test_whoever_objects_is_in_no_row(node):
    records = [each for one in people().values() for each in one]
    for kind, dataset in (("Condition", "conditions"), ("Encounter", "encounters")):
        theirs = sum(each["resourceType"] == kind for each in people()[OBJECTS])
        assert theirs
        (taken,) = node._house.store.deliveries(PROGRAMME, dataset)
        assert taken.rows == sum(each["resourceType"] == kind for each in records) - theirs


def test_the_log_says_no_number_of_those_who_object(node):
    entries = [parse_entry(data) for _index, data in node._house.store.outbox(0, 1_000)]
    said = [dict(each.public) for each in entries if each.kind is EntryKind.DATA_DELIVERED]
    assert said == [{"dataset": name} for name in ("cases", "conditions", "encounters")]


def test_the_same_records_with_another_list_do_not_count_twice(node, lists):
    with pytest.raises(DeliveryError, match="record"):
        node.load(
            PROGRAMME, "conditions", SAMPLE / "population.json", opt_outs=lists / "nobody.txt"
        )
