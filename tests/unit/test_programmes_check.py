"""Faults that show only when the files of a programme are read together."""

import pytest

from sekisho.errors import Fault, Place, ProgrammeError, fault
from sekisho.programmes.check import check_programme, checked_programme
from sekisho.programmes.read import read_programme
from tests.lib.programme_folder import BY_GOODS, BY_REGION, DATASET, FILES, packed, spoilt


def no_rule_faults(_rules):
    return []


def faults_of(files) -> list[Fault]:
    return check_programme(read_programme(packed(files)), no_rule_faults)


def test_a_sound_programme_has_no_fault():
    assert faults_of(FILES) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "place"),
    [
        ("programme.toml", "dpv:OfficialStatistics", "statistics", "bad-purpose", "programme.toml:5:1"),
        ("programme.toml", '["JP"]', '["JP", "Japan"]', "bad-jurisdiction", "programme.toml:9:24"),
        ("datasets/sales.toml", 'name = "goods"', 'name = "region"', "column-twice", "datasets/sales.toml:33:1"),
        ("datasets/sales.toml", 'contributor = "shop"', 'contributor = "shops"', "unknown-column", "datasets/sales.toml:10:1"),
        ("datasets/sales.toml", 'contributor = "shop"\n', "", "no-contributor", "datasets/sales.toml:9:1"),
        ("datasets/sales.toml", 'contributor = "shop"\n', "", "excluded-without-contributor", "datasets/sales.toml:10:23"),
        ("datasets/sales.toml", 'primary_key = ["sale"]', 'primary_key = ["no"]', "unknown-column-known", "datasets/sales.toml:5:16"),
        ("datasets/sales.toml", '"sample/sales.csv"', '"sample/sale.csv"', "unknown-sample", "datasets/sales.toml:6:1"),
        ("datasets/sales.toml", '"sample/sales.csv"', '"../../../etc/passwd"', "unknown-sample-known", "datasets/sales.toml:6:1"),
        ("datasets/sales.toml", '"sample/sales.csv"', '"programme.toml"', "unknown-sample-known", "datasets/sales.toml:6:1"),
        ("datasets/sales.toml", "minimum = 1 }", "minimum = 9, maximum = 8 }", "minimum-over-maximum", "datasets/sales.toml:17:34"),
        ("datasets/sales.toml", "minimum = 1 }", 'minimum = "one" }', "not-of-type", "datasets/sales.toml:17:34"),
        ("datasets/sales.toml", "minimum = 1 }", 'pattern = "[0-9]" }', "pattern-not-string", "datasets/sales.toml:17:34"),
        ("datasets/sales.toml", 'enum = ["n", "s"]', "minimum = 3", "no-bounds", "datasets/sales.toml:30:34"),
        ("datasets/sales.toml", 'type = "number"', 'type = "integer"', "decimals-not-number", "datasets/sales.toml:43:13"),
        ("datasets/sales.toml", 'method = "disclosure-control"', 'method = "differential-privacy"', "no-privacy-unit", "datasets/sales.toml:9:1"),
        ("datasets/sales.toml", 'method = "disclosure-control"', 'method = "differential-privacy"\nprivacy_unit = "shop"', "other-method", "releases/by-goods.toml:5:1"),
        ("datasets/sales.toml", "[sekisho]", '[sekisho]\nbudget = { epsilon = "1", delta = "1", period = "once" }', "budget-without-noise", "datasets/sales.toml:9:1"),
        ("datasets/sales.toml", 'pattern = "[a-z]+"', 'enum = ["a"]', "excluded-not-listed", "datasets/sales.toml:11:23"),
        ("lookups/regions.toml", 'key = "code"', 'key = "name_ja"', None, None),
        ("releases/by-region.toml", 'column = "region", title', 'column = "regio", title', "level-not-grouped", "releases/by-region.toml:18:13"),
        ("releases/by-region.sql", "SUM(amount) AS amount", "SUM(amount) AS value", "measure-not-selected-known", "releases/by-region.toml:10:1"),
        ("releases/by-region.sql", "SUM(amount) AS amount", "SUM(amount) AS amount, COUNT(*) AS n", "measure-not-declared", "releases/by-region.sql:1:1"),
        ("releases/by-region.sql", "ROLLUP (region)", "region", "totals-differ", "releases/by-region.toml:14:1"),
        ("releases/by-goods.sql", "ROLLUP (region, goods)", "CUBE (region, goods)", "totals-differ", "releases/by-goods.toml:13:1"),
        ("releases/by-region.sql", "region, SUM(amount) AS amount\nFROM sales\nGROUP BY ROLLUP (region)", "region, goods, SUM(amount) AS amount\nFROM sales\nGROUP BY ROLLUP (region), goods", "group-not-declared", "releases/by-region.toml:14:1"),
        ("releases/by-region.toml", '["by-goods"]', '["by-good"]', "unknown-plan", "releases/by-region.toml:7:10"),
        ("releases/by-region.toml", '["by-goods"]', '["by-region"]', "linked-to-itself", "releases/by-region.toml:7:10"),
        ("releases/by-region.toml", '["by-goods"]', '["by-goods"]\nminimum_frequency = 5', "linked-other-rules", "releases/by-region.toml:7:10"),
        ("releases/by-region.sql", "SUM(amount)", "SUM(amount + amount)", "linked-other-measure", "releases/by-region.toml:7:10"),
        ("releases/by-region.toml", '"p-percent"', '"p-percnt"', "unknown-sensitivity-rule", "releases/by-region.toml:6:43"),
        ("releases/by-region.toml", '"p-percent"', '"size"', "unknown-sensitivity-rule-known", "releases/by-region.toml:6:43"),
        ("releases/by-region.toml", '"p-percent"', '"p-percent(15)"', "parameter-in-rule", "releases/by-region.toml:6:43"),
        ("releases/by-goods.toml", '"p-percent"]', '"p-percent"]\nmust_publish = [["n"]]', "cell-length", "releases/by-goods.toml:7:17"),
        ("releases/by-goods.toml", '"p-percent"]', '"p-percent"]\nmust_publish = [["", "tea"]]', "cell-skips-level", "releases/by-goods.toml:7:17"),
        ("releases/by-goods.toml", 'column = "goods"', 'column = "region"', "level-twice", "releases/by-goods.toml:19:5"),
        ("releases/by-goods.toml", "[labels.region]", "[labels.regions]", "label-without-level", "releases/by-goods.toml:22:1"),
        ("releases/by-region.sql", "FROM sales", "FROM sale", "query.unknown-table-near", "releases/by-region.sql:2:6"),
        ("releases/by-region.sql", "region, SUM", "shop AS region, SUM", None, None),
        ("rules/release.cedar", "permit", "forbid", "no-permit", "rules"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_a_fault_with_its_place(file, old, new, code, place):
    files = spoilt(file, old, new)
    found = {(f.code.removeprefix("programme."), str(f.place)) for f in faults_of(files)}
    if code is None:
        assert file.startswith("lookups") or found
    else:
        assert (code, place) in found, found


def test_a_dimension_is_declared_once():
    twice = BY_REGION + BY_REGION[BY_REGION.index("[[dimensions]]") : BY_REGION.index("[[label")]
    codes = {f.code for f in faults_of(FILES | {"releases/by-region.toml": twice})}
    assert {"programme.dimension-twice", "programme.level-twice"} <= codes


def test_a_look_up_may_not_take_a_datasets_name():
    files = {
        path.replace("regions", "sales"): text.replace('"regions"', '"sales"')
        for path, text in FILES.items()
    }
    files["datasets/sales.toml"] = DATASET
    assert "programme.id-taken" in {f.code for f in faults_of(files)}


def test_two_plans_that_are_not_linked_may_name_different_rules():
    files = FILES | {
        "releases/by-region.toml": BY_REGION.replace(
            'links = ["by-goods"]', "minimum_frequency = 5"
        ),
        "releases/by-goods.toml": BY_GOODS,
    }
    assert faults_of(files) == []


def test_the_same_rule_id_in_two_files_is_a_fault_that_names_the_first():
    found = faults_of(FILES | {"rules/second.cedar": FILES["rules/release.cedar"]})
    assert [f.code for f in found] == ["programme.rule-id-twice"]
    assert "rules/release.cedar:2" in found[0].sentence()


def test_faults_of_rules_come_from_whoever_checks_them_and_are_merged_in_order():
    def check_rules(rules):
        return [fault("programme.no-permit", Place(rules[0].file, rules[0].line))]

    files = spoilt("programme.toml", "dpv:OfficialStatistics", "statistics")
    found = check_programme(read_programme(packed(files)), check_rules)
    assert [str(f.place) for f in found] == ["programme.toml:5:1", "rules/release.cedar:2"]


def test_what_depends_on_a_broken_file_is_not_judged():
    files = spoilt("datasets/sales.toml", 'type = "number"', 'type = "numbr"')
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(files), no_rule_faults)
    assert [f.code for f in raised.value.faults] == ["programme.not-a-choice"]


def test_a_secret_parameter_is_never_said():
    files = spoilt("releases/by-region.toml", '"p-percent"', '"p-percent(15)"')
    assert all("15" not in f.sentence().replace(":6:43", "") for f in faults_of(files))


def test_linked_plans_may_call_their_tables_differently():
    files = FILES | {
        "releases/by-region.sql": (
            "SELECT s.region, SUM(s.amount) AS amount FROM sales AS s GROUP BY ROLLUP (s.region)"
        )
    }
    assert faults_of(files) == []
