"""Cases: requests with the decision that the author of a programme expects."""

import json
from datetime import date

import pytest

from sekisho.errors import ProgrammeError
from sekisho.model.facts import Identifiability, PartyKind, Truth
from sekisho.programmes.check import check_programme, checked_programme
from sekisho.programmes.read import read_programme
from sekisho.rules.decide import decide
from sekisho.rules.packs import Packs
from sekisho.rules.vocabulary import Vocabulary
from sekisho.terms import Lane, Outcome
from tests.lib.programme_folder import FILES, check_own_rules, packed

CASE = {
    "schema": 1,
    "title": {"en": "A table", "ja": "集計表"},
    "on": "2026-11-21",
    "flow": {
        "lane": "statistics",
        "purpose": "dpv:OfficialStatistics",
        "sender": {"id": "office", "kind": "public-body", "jurisdiction": "JP"},
        "recipient": {"id": "public", "kind": "public", "jurisdiction": None},
        "data": {"identifiability": "statistical", "categories": [], "persons": 0},
    },
    "expected": {"outcome": "allowed", "rules": ["shop-R1"]},
}


def with_case(case):
    text = case if isinstance(case, str) else json.dumps(case, ensure_ascii=False)
    return packed(FILES | {"cases/a-table.json": text})


def decided(facts, rules, day):
    return decide(facts, rules, Packs({}, Vocabulary({}), "", ""), day)


def changed(path, value):
    case = json.loads(json.dumps(CASE))
    inner = case
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return case


def test_a_case_is_read_as_facts_and_the_decision_expected():
    (case,) = read_programme(with_case(CASE)).cases
    assert (case.id, case.on, case.outcome, case.rules) == (
        "a-table",
        date(2026, 11, 21),
        Outcome.ALLOWED,
        ("shop-R1",),
    )
    assert (case.facts.lane, case.facts.sender.kind) == (Lane.STATISTICS, PartyKind.PUBLIC_BODY)
    assert case.facts.recipient.jurisdiction is None
    assert case.facts.data.identifiability is Identifiability.STATISTICAL


def test_what_a_case_leaves_out_is_unknown():
    case = changed(("flow", "data"), {})
    case["flow"]["sender"] = {"id": "x"}
    case["flow"]["on_file"] = ["consent.given"]
    facts = read_programme(with_case(case)).cases[0].facts
    assert (facts.sender.kind, facts.data.identifiability, facts.data.categories) == (
        None,
        None,
        None,
    )
    assert facts.fact("consent.given").truth is Truth.TRUE


def test_a_case_that_is_decided_as_expected_is_no_fault():
    assert checked_programme(with_case(CASE), check_own_rules, decided).cases


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("expected", "outcome"), "refused"),
        (("expected", "rules"), ["shop-R2"]),
        (("flow", "lane"), "record"),
    ],
)
def test_a_case_that_is_decided_otherwise_is_a_fault_that_says_both(path, value):
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(with_case(changed(path, value)), check_own_rules, decided)
    (found,) = raised.value.faults
    assert (found.code, str(found.place)) == ("programme.case-differs", "cases/a-table.json")
    assert "`shop-R1`" in found.sentence()


def test_cases_are_decided_only_when_nothing_else_is_wrong():
    files = FILES | {
        "cases/a-table.json": json.dumps(changed(("expected", "outcome"), "refused")),
        "programme.toml": FILES["programme.toml"].replace("dpv:OfficialStatistics", "statistics"),
    }
    found = check_programme(read_programme(packed(files)), check_own_rules, decided)
    assert [f.code for f in found] == ["programme.bad-purpose"]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        ("", "not-json"),
        ("[]", "not-json"),
        ("{", "not-json"),
        ('{"schema": 1, "schema": 1}', "not-json"),
        ("[" * 100_000, "not-json"),
        ('{"schema": ' + "9" * 10_000 + "}", "not-json"),
        ('{"schema": NaN}', "wrong-kind"),
        ("{}", "missing-key"),
        (changed(("on",), "yesterday"), "not-a-day"),
        (changed(("on",), 20261121), "wrong-kind"),
        (changed(("flow", "lane"), "statistic"), "not-a-choice"),
        (changed(("flow", "sender", "kind"), "firm"), "not-a-choice-known"),
        (changed(("flow", "data", "categories"), ["helth"]), "unknown-category"),
        (changed(("flow", "more"), 1), "unknown-key-known"),
        (changed(("flow",), []), "wrong-kind"),
    ],
)
def test_what_is_no_case_is_a_fault(case, code):
    with pytest.raises(ProgrammeError) as raised:
        read_programme(with_case(case))
    assert f"programme.{code}" in {f.code for f in raised.value.faults}
    assert str(raised.value)
