"""Public tables as a folder declares them: every fault at once, with its place."""

import pytest

from sekisho.errors import ProgrammeError
from sekisho.programmes.check import checked_programme
from tests.lib.programme_folder import FILES, check_own_rules, write
from tests.lib.public_folder import PUBLIC, spoilt


def faults_of(folder):
    try:
        checked_programme(folder, check_own_rules)
    except ProgrammeError as error:
        return [(str(each.place), each.code) for each in error.faults]
    return []


def test_a_public_table_alone_is_a_programme(tmp_path):
    programme = checked_programme(write(tmp_path, PUBLIC), check_own_rules)
    (table,) = programme.public_tables
    assert (table.id, table.file) == ("visits", "public/visits.csv")
    assert [each.id for each in table.indicators] == ["change", "effect"]
    assert table.corrections[0].published.ja == "百人来た"
    assert table.unit("visits").en == "persons"


def test_the_digest_of_the_programme_covers_every_row(tmp_path):
    whole = checked_programme(write(tmp_path / "a", PUBLIC), check_own_rules)
    other = checked_programme(
        write(tmp_path / "b", spoilt("public/visits.csv", "n,98", "n,99")), check_own_rules
    )
    assert whole.digest != other.digest


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("public/visits.toml", 'licence = "CC0"', "", "programme.missing-key"),
        ("public/visits.toml", "dated =", "date_d =", "programme.unknown-key"),
        ("public/visits.toml", '"day", "area"]', '"day", "place"]', "programme.unknown-column-known"),
        ("public/visits.toml", "[labels.area]", "[labels.aria]", "programme.label-without-level"),
        ("public/visits.toml", 'id = "effect"', 'id = "change"', "indicators.id-twice"),
        ("public/visits.toml", 'value = "visits"', 'value = "area"', "programme.unknown-column"),
        ("public/visits.toml", 'value = "visits"\n', "", "indicators.no-value"),
        ("public/visits.toml", 'time = "day"', 'time = "visits"', "programme.unknown-column"),
        ("public/visits.toml", "baseline = {", 'index = { base = "2020-03-02" }\nbaseline = {', "indicators.one-way"),
        ("public/visits.toml", 'baseline = { first = "2020-03-02", last = "2020-03-08" }', "", "indicators.one-way"),
        ("public/visits.toml", 'last = "2020-03-08"', 'last = "2020-03-01"', "indicators.wrong-order"),
        ("public/visits.toml", 'last = "2020-03-08"', 'last = "2020"', "indicators.mixed-times"),
        ("public/visits.toml", 'date = "2020-03-16"', 'date = "2020-04-16"', "indicators.wrong-order"),
        ("public/visits.toml", 'date = "2020-03-16"', 'date = "2020-02-16"', "indicators.wrong-order"),
        ("public/visits.toml", 'date = "2020-03-16"', 'date = "2020-03-16T09:00+09:00"', "indicators.not-a-time"),
        ("public/visits.toml", 'date = "2020-03-16", ', "", "indicators.date-or-orders"),
        ("public/visits.toml", ', treated = ["n"]', "", "indicators.who-is-treated"),
        ("public/visits.toml", 'comparison = ["s"]', 'comparison = ["n"]', "indicators.treated-and-compared"),
        ("public/visits.toml", 'date = "2020-03-16", treated = ["n"], comparison = ["s"]', 'orders = { lookup = "none", group = "a", on = "b" }', "programme.unknown-lookup-known"),
        ("public/visits.csv", "2020-03-03,n", "2020-03-02,n", "programme.key-not-unique"),
        ("public/visits.csv", "2020-03-03,n", "2020-03-33,n", "programme.bad-cell"),
        ("public/visits.csv", "day,area,visits", "day,area,visitors", "programme.undeclared-column"),
        ("public/visits.csv", "n,98", 'n,"98', "programme.not-csv"),
    ],
)  # fmt: skip
def test_each_fault_is_told(tmp_path, file, old, new, code):
    found = faults_of(write(tmp_path, spoilt(file, old, new)))
    assert any(each.startswith(code) for _, each in found)
    assert all(place.startswith("public/visits.") for place, _ in found)


def test_every_fault_is_told_at_once(tmp_path):
    files = spoilt("public/visits.csv", "n,98", "n,many")
    files["programme.toml"] = files["programme.toml"].replace('steward = "office"\n', "")
    files["public/other.csv"] = "a\n"
    codes = [code for _, code in faults_of(write(tmp_path, files))]
    assert sorted(codes) == [
        "programme.bad-cell",
        "programme.missing-key",
        "programme.no-companion",
    ]


def test_a_value_of_a_row_stands_in_no_message(tmp_path):
    files = spoilt("public/visits.csv", "n,98", "n,secretly")
    with pytest.raises(ProgrammeError) as error:
        checked_programme(write(tmp_path, files), check_own_rules)
    assert "secretly" not in " ".join(error.value.sentences())


def test_a_public_table_takes_no_name_of_a_dataset_or_look_up(tmp_path):
    table = PUBLIC["public/visits.toml"].replace('id = "visits"', 'id = "sales"', 1)
    files = {**FILES, "public/sales.toml": table, "public/sales.csv": PUBLIC["public/visits.csv"]}
    assert [code for _, code in faults_of(write(tmp_path, files))] == ["programme.id-taken"]


def test_no_release_plan_can_read_a_public_table(tmp_path):
    files = {**FILES, **{k: v for k, v in PUBLIC.items() if k.startswith("public/")}}
    sql = "releases/by-region.sql"
    assert faults_of(write(tmp_path / "sound", files)) == []
    files[sql] = files[sql].replace(
        "FROM sales", "FROM sales JOIN visits ON sales.region = visits.area"
    )
    assert any(place.startswith(sql) for place, _ in faults_of(write(tmp_path / "joined", files)))


def test_a_plan_declares_indicators_of_its_own_measure(tmp_path):
    plan = FILES["releases/by-region.toml"]
    good = (
        plan
        + '\n[[indicators]]\nid = "g"\ntitle = { en = "G", ja = "G" }\ntime = "region"\ngrowth = { against = "previous" }\n'
    )
    programme = checked_programme(
        write(tmp_path / "a", {**FILES, "releases/by-region.toml": good}), check_own_rules
    )
    (indicator,) = programme.plan("by-region").indicators
    assert (indicator.value, indicator.unit.en) == ("amount", "yen")
    bad = good.replace('time = "region"', 'time = "regoin"\nvalue = "amount"')
    found = faults_of(write(tmp_path / "b", {**FILES, "releases/by-region.toml": bad}))
    assert {code for _, code in found} == {"indicators.only-measure", "programme.unknown-column"}
