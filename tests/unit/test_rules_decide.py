"""Decisions about flows without a person: only the programme's rules count."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from sekisho.model.access_rule import split_rules
from sekisho.model.facts import (
    PUBLIC,
    Category,
    DataFacts,
    Fact,
    Facts,
    Identifiability,
    Party,
    PartyKind,
    Truth,
)
from sekisho.rules.check import check_rules
from sekisho.rules.decide import decide
from sekisho.rules.explain import explain
from sekisho.rules.packs import installed
from sekisho.terms import Lane, Language

DAY = date(2026, 11, 21)

RELEASE = split_rules(
    "deliveries/rules/release.cedar",
    """
// tables only
@id("deliveries-R1")
@cite("Terms of the programme, section 3")
@cite_ja("事業の約款 第3条")
@text_en("Protected tables about firms may be released to everyone.")
@text_ja("秘匿処理をした企業の集計表は、だれにでも公表できます。")
permit (principal, action == Action::"release", resource)
when { context.data.identifiability == "statistical" && context.sender.kind == "public-body" };
""",
)

TABLE = Facts(
    lane=Lane.STATISTICS,
    sender=Party(PartyKind.PUBLIC_BODY, "JP", "ministry"),
    recipient=PUBLIC,
    data=DataFacts(Identifiability.STATISTICAL),
)


def test_a_table_about_firms_passes_by_the_programmes_rule_alone():
    decision = decide(TABLE, RELEASE, installed(), DAY)
    assert decision.allowed
    assert decision.rule_ids == ("deliveries-R1",)
    assert decision.determining[0].citation.ja == "事業の約款 第3条"


def test_a_country_without_a_pack_closes_nothing_that_has_no_person_in_it():
    anywhere = replace(TABLE, sender=Party(PartyKind.PUBLIC_BODY, "BD"), recipient=PUBLIC)
    assert decide(anywhere, RELEASE, installed(), DAY).allowed


def test_a_country_without_a_pack_closes_what_has_a_person_in_it_and_says_how_to_go_on():
    personal = replace(
        TABLE,
        sender=Party(PartyKind.PUBLIC_BODY, "ZZ"),
        recipient=Party(PartyKind.PUBLIC_BODY, "ZZ"),
        data=DataFacts(Identifiability.PERSONAL),
    )
    decision = decide(personal, RELEASE, installed(), DAY)
    assert decision.rule_ids == ("SEKISHO-3",)
    assert "write-a-rule-pack" in decision.faults[0].sentence()


def test_what_no_rule_allows_is_refused_by_name():
    decision = decide(replace(TABLE, lane=Lane.OPEN), RELEASE, installed(), DAY)
    assert decision.rule_ids == ("SEKISHO-2",)


def test_nothing_passes_without_a_rule():
    assert decide(TABLE, (), installed(), DAY).rule_ids == ("SEKISHO-2",)


def test_a_rule_with_a_fault_lets_nothing_pass():
    broken = split_rules("x.cedar", RELEASE[0].text.replace("statistical", "statistcal"))
    decision = decide(TABLE, broken, installed(), DAY)
    assert decision.rule_ids == ("SEKISHO-4",)
    assert "did you mean `statistical`" in decision.faults[0].sentence()


def test_a_broad_permit_beside_a_faulty_forbid_lets_nothing_pass():
    beside = split_rules(
        "x.cedar",
        RELEASE[0].text
        + '\n@id("b") @cite("c") @text_en("t") @text_ja("t") '
        + "forbid (principal, action, resource) when { context.consent.nope };",
    )
    assert decide(TABLE, beside, installed(), DAY).rule_ids == ("SEKISHO-4",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": DataFacts("statistical")},
        {"data": DataFacts(Identifiability.STATISTICAL, persons=True)},
        {"data": DataFacts(Identifiability.STATISTICAL, categories=["health"])},
        {"data": None},
        {"sender": Party("public-body", "JP")},
        {"sender": Party(PartyKind.PUBLIC_BODY, "Japan")},
        {"recipient": {"kind": "public"}},
        {"lane": "statistics"},
        {"purpose": 'dpv:X" || true'},
        {"on_file": {"no.such": Fact(Truth.TRUE)}},
        {"on_file": None},
    ],
)
def test_a_fact_of_the_wrong_type_is_refused(wrong):
    decision = decide(replace(TABLE, **wrong), RELEASE, installed(), DAY)
    assert decision.rule_ids == ("SEKISHO-1",)
    assert decision.faults[0].sentence()


def test_ten_thousand_unknown_facts_are_refused_in_a_few_words():
    many = {
        f"a.b{n}": Fact(Truth.TRUE, until=datetime(2027, 1, 1, tzinfo=UTC)) for n in range(10_000)
    }
    decision = decide(replace(TABLE, on_file=many), RELEASE, installed(), DAY)
    assert decision.rule_ids == ("SEKISHO-1",)
    assert len(decision.faults) <= 20


def test_a_rule_file_tells_all_its_faults_at_once_with_their_lines():
    rules = split_rules(
        "t/rules/r.cedar",
        """@id("a") permit (principal, action == Action::"releas", resource);
@id("a") @cite("x") forbid(principal, action, resource) when { context.data.identifiabilty == "none"};
permit(principal, action, resource) when { context.x = 1 };
@id("d") @cite("c") @text_en("x") @text_ja("y")
permit(principal, action, resource) when { context.data.persons > 3 && context.data.persons <= 3 };
nonsense""",
    )
    said = [each.sentence() for each in check_rules(rules)]
    assert "t/rules/r.cedar:1: unknown action `releas`; did you mean `release`?" in said
    assert any(s.startswith("t/rules/r.cedar:1: rule `a` has no `@cite`") for s in said)
    assert any(s.startswith("t/rules/r.cedar:2: the id `a` is taken") for s in said)
    assert any("did you mean `data.identifiability`" in s for s in said)
    assert any(s.startswith("t/rules/r.cedar:3: the rule has no id") for s in said)
    assert any(s.startswith("t/rules/r.cedar:4: rule `d` can never apply") for s in said)
    assert any(s.startswith("t/rules/r.cedar:6: this is neither") for s in said)


def test_a_semicolon_in_a_comment_or_a_string_ends_no_rule():
    rules = split_rules(
        "f", '// a; @id("no")\n@id("x") @cite("a; b") permit(principal, action, resource);'
    )
    assert [(r.id, r.line, r.annotations["cite"]) for r in rules] == [("x", 2, "a; b")]


def test_a_purpose_or_number_that_nobody_gave_is_called_unknown():
    facts = Facts(
        Lane.RECORD,
        Party(PartyKind.HOSPITAL, "US"),
        Party(PartyKind.HOSPITAL, "JP"),
        DataFacts(Identifiability.PERSONAL, frozenset({Category.HEALTH})),
    )
    decision = decide(facts, RELEASE, installed(), DAY)
    found = {each.fact: each.found for gate in decision.gateways for each in gate.closed_by}
    assert found["purpose"] == "unknown"
    assert "4611686018427387904" not in " ".join(explain(decision))
    assert "利用目的は 不明 です" in " ".join(explain(decision, Language.JA))
