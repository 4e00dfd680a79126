"""What must never happen to a decision, tried over every rule and every fact."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from sekisho.errors import ProgrammeError
from sekisho.model.access_rule import split_rules
from sekisho.model.decision import RuleStatus
from sekisho.model.facts import UNKNOWN, Category, Fact, Truth
from sekisho.rules.cedar import Answer, ask
from sekisho.rules.compiled import compiled
from sekisho.rules.decide import decide
from sekisho.rules.known import values
from sekisho.rules.packs import installed, read_packs
from sekisho.rules.vocabulary import nested
from tests.lib.flows import DAY, LAW_ALONE, facts_of
from tests.lib.law_oracle import against
from tests.lib.packs import copy_of_packs, gateway_flows

PACKS = installed()
FLOWS = list(gateway_flows())


def _allowed(facts, rules=LAW_ALONE, packs=PACKS, day=DAY):
    decision = decide(facts, rules, packs, day, with_openings=False)
    assert decision.determining, "a decision without a citation"
    assert all(rule.citation.en and rule.citation.ja for rule in decision.determining)
    return decision.allowed


def test_every_gateway_opens_what_its_article_opens_and_nothing_else():
    opened = set()
    for gateway, flow in FLOWS:
        decision = decide(facts_of(flow), LAW_ALONE, PACKS, DAY)
        found = set() if decision.allowed else set(decision.rule_ids)
        assert found == against(flow), (gateway, flow)
        opened |= {gate.rule.id for gate in decision.gateways if gate.open}
    every = [
        rule for pack in PACKS.packs.values() for rule in pack.rules if not rule.is_requirement
    ]
    assert opened == {rule.cited.id for rule in every if rule.counts_on(DAY)}


def _weakened(facts):
    """The facts with each one deleted, nulled, denied, expired or mistyped in turn."""
    expired = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for name, fact in facts.on_file.items():
        rest = {k: v for k, v in facts.on_file.items() if k != name}
        yield name, replace(facts, on_file=rest)
        yield name, replace(facts, on_file=rest | {name: UNKNOWN})
        yield name, replace(facts, on_file=rest | {name: replace(fact, until=expired)})
        for wrong in (None, True, "true", Fact("true"), Fact(None), Fact(True)):
            yield name, replace(facts, on_file=rest | {name: wrong})
    for field in ("identifiability", "categories", "persons"):
        for wrong in (None, "none", ["health"], -1, True):
            yield field, replace(facts, data=replace(facts.data, **{field: wrong}))
    for side in ("sender", "recipient"):
        for field in ("kind", "jurisdiction"):
            for wrong in (None, "", "nowhere", 7):
                party = replace(getattr(facts, side), **{field: wrong})
                yield f"{side}.{field}", replace(facts, **{side: party})
    for wrong in (None, "", "anything", 7):
        yield "purpose", replace(facts, purpose=wrong)


def _never_helps(flows):
    tried = 0
    for _, flow in flows:
        facts = facts_of(flow)
        if _allowed(facts):
            continue
        for name, weaker in _weakened(facts):
            assert not _allowed(weaker), (name, flow)
            tried += 1
    return tried


def test_no_single_fact_deleted_nulled_expired_or_mistyped_turns_a_refusal_into_a_permission():
    assert _never_helps(FLOWS[::31]) > 500


@pytest.mark.slow
def test_no_single_fact_of_any_rule_deleted_nulled_expired_or_mistyped_helps():
    assert _never_helps(FLOWS) > 50_000


def test_an_expired_fact_counts_as_unknown_on_the_day_it_runs_out():
    _, flow = next(each for each in FLOWS if each[0] == "JP-RULES-16-1")
    flow = flow | {"consent.given": True, "consent.withdrawn": False}
    facts = facts_of(flow)
    name = "contract.equivalent_measures"
    end = datetime(2026, 11, 22, tzinfo=UTC)
    for until, expected in ((end, True), (end - timedelta(seconds=1), False)):
        dated = facts.on_file | {name: Fact(Truth.TRUE, "contract 1", "sender", until)}
        assert _allowed(replace(facts, on_file=dated)) is expected


def test_a_question_with_a_fact_missing_is_never_answered_with_allow():
    for _, flow in FLOWS[::40]:
        facts = facts_of(flow)
        ends = (flow["sender.jurisdiction"], flow["recipient.jurisdiction"])
        rules = compiled(PACKS, ends, DAY, LAW_ALONE, person=True)
        found = values(facts, PACKS, DAY, rules.paths)
        full = {path: found[path] for path in rules.paths}
        for path in full:
            less = nested({k: v for k, v in full.items() if k != path})
            assert ask(rules.policies, "transfer", less, ("a", "b")).word == "NoDecision", path
            wrong = nested(full | {path: {"no": "such type"}})
            assert ask(rules.policies, "transfer", wrong, ("a", "b")).word == "NoDecision", path


def test_an_answer_with_an_error_is_a_refusal_whatever_it_says():
    assert not Answer("Allow", frozenset({"x"}), ("policy y erred",)).allowed
    assert not Answer("NoDecision", frozenset(), ()).allowed


@pytest.mark.parametrize(
    "answer",
    [
        Answer("Allow", frozenset({"law-alone"}), ("policy x erred",)),
        Answer("NoDecision", frozenset(), ()),
        Answer("Deny", frozenset({"law-alone"}), ("e",)),
    ],
)
def test_an_engine_that_errs_refuses(monkeypatch, answer):
    import sekisho.rules.decide as module

    _, flow = next(
        each for each in FLOWS if decide(facts_of(each[1]), LAW_ALONE, PACKS, DAY).allowed
    )
    monkeypatch.setattr(module, "ask", lambda *_: answer)
    decision = decide(facts_of(flow), LAW_ALONE, PACKS, DAY)
    assert decision.rule_ids == ("SEKISHO-1",)


def test_an_engine_that_allows_what_a_requirement_stands_against_is_not_believed(monkeypatch):
    import sekisho.rules.decide as module

    flow = next(flow for _, flow in FLOWS if against(flow))
    monkeypatch.setattr(module, "ask", lambda *_: Answer("Allow", frozenset({"law-alone"}), ()))
    assert decide(facts_of(flow), LAW_ALONE, PACKS, DAY).rule_ids == ("SEKISHO-1",)


WIDENING = [
    "permit (principal, action, resource);",
    'permit (principal, action == Action::"weigh", resource);',
    'permit (principal, action, resource) when { context.open.contains("JP-APPI-28-1-consent") };',
    "permit (principal, action, resource) when { context has nothing };",
    "permit (principal, action, resource) when { context.consent.withdrawn };",
    "permit (principal, action, resource) unless { context.consent.given };",
    "permit (principal, action, resource) when { if true then true else context.nope };",
    "permit (?principal, action, resource);",
]


@pytest.mark.parametrize("text", WIDENING)
@pytest.mark.parametrize("name", ["wide", "JP-APPI-28-1-consent", "SEKISHO-2", "JP-APPI-28"])
def test_a_programmes_rule_never_widens_what_a_law_forbids(text, name):
    rules = split_rules("p.cedar", f'@id("{name}") @cite("c") @text_en("t") @text_ja("t") {text}')
    refused = [flow for _, flow in FLOWS[::25] if against(flow)]
    assert refused
    for flow in refused:
        assert not _allowed(facts_of(flow), (*LAW_ALONE, *rules))
        assert not _allowed(facts_of(flow), rules)


def test_a_programmes_rule_can_narrow_what_a_law_allows():
    narrow = split_rules(
        "p.cedar",
        '@id("no") @cite("c") @text_en("t") @text_ja("t") forbid (principal, action, resource);',
    )
    flow = next(flow for _, flow in FLOWS if not against(flow))
    decision = decide(facts_of(flow), (*LAW_ALONE, *narrow), PACKS, DAY)
    assert decision.rule_ids == ("no",)


INJECTED = [
    '"] } ; permit (principal, action, resource); //',
    'dpv:X" || true || "',
    'a"); permit(principal, action, resource',
    "\n@id",
]


@pytest.mark.parametrize("words", INJECTED)
def test_text_from_a_fact_is_never_taken_for_policy(words):
    flow = next(flow for _, flow in FLOWS if against(flow))
    facts = facts_of(flow)
    named = Fact(Truth.FALSE, source=words, answers=words)
    assert not _allowed(replace(facts, purpose=words))
    assert not _allowed(replace(facts, recipient=replace(facts.recipient, id=words)))
    assert not _allowed(replace(facts, data=replace(facts.data, id=words)))
    assert not _allowed(replace(facts, on_file=dict.fromkeys(facts.on_file, named)))
    assert not _allowed(replace(facts, on_file={words: Fact(Truth.TRUE)}))


def test_a_rule_counts_only_while_it_is_in_force(tmp_path):
    rule = next(r for r in PACKS.packs["KR"].rules if r.cited.id == "KR-PIPA-28-8-1-5")
    assert not rule.counts_on(date(2025, 9, 15))
    assert rule.counts_on(date(2025, 9, 16))
    ended = replace(rule, ends=date(2026, 1, 1))
    assert ended.counts_on(date(2025, 12, 31))
    assert not ended.counts_on(date(2026, 1, 1))
    for status in (RuleStatus.PENDING, RuleStatus.UNSETTLED, RuleStatus.REPEALED):
        off = replace(rule, cited=replace(rule.cited, status=status))
        assert not off.counts_on(date(2026, 1, 1)), status


def test_a_requirement_that_is_unsettled_still_closes():
    rule = next(r for r in PACKS.packs["KR"].rules if r.cited.id == "KR-PIPA-28-8")
    unsettled = replace(rule, cited=replace(rule.cited, status=RuleStatus.UNSETTLED))
    assert unsettled.counts_on(DAY)


def test_the_pending_bill_opens_nothing():
    for _, flow in FLOWS[::3]:
        decision = decide(facts_of(flow), LAW_ALONE, PACKS, DAY)
        assert not any(g.rule.id == "JP-BILL-2026-STAT" for g in decision.gateways)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("JP/rules.cedar", "forbid (", "forbids ("),
        ("JP/rules.cedar", "context.consent.abroad", "context.consent.aboard"),
        ("JP/rules.cedar", '"JP-RULES-16-2"', '"JP-RULES-16-3"'),
        (
            "JP/rules.cedar",
            "when { context.basis.vital };",
            'when { context.basis.vital } unless { context.open.contains("JP-APPI-27-1-1") };',
        ),
        ("JP/rules.cedar", 'action == Action::"weigh"', 'action == Action::"transfer"'),
        ("JP/rules.cedar", "permit (principal, ", 'permit (principal == Party::"me", '),
        ("JP/rules.cedar", "context.consent.given &&", 'context.open.contains("x") &&'),
        ("JP/rules.toml", 'id = "JP-APPI-28"', 'id = "JP-APPI-27"'),
        ("JP/rules.toml", "citation.en", "citation.de"),
        ("JP/rules.toml", "[[rule]]", "[[rule]"),
        ("JP/pack.toml", 'jurisdiction = "JP"', 'jurisdiction = "JQ"'),
        ("EU/pack.toml", '"AT"', '"JP"'),
        ("facts.toml", "opens = true", "opens = 1"),
        ("US/examples.toml", None, None),
    ],
)
def test_a_faulty_pack_installs_nothing_at_all(tmp_path, file, old, new):
    folder = copy_of_packs(tmp_path)
    target = folder / file
    if old is None:
        target.unlink()
    else:
        text = target.read_text(encoding="utf-8")
        assert old in text
        target.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProgrammeError) as caught:
        read_packs(folder)
    assert all(each.sentence() for each in caught.value.faults)


def test_a_pack_with_ten_faults_tells_all_ten(tmp_path):
    folder = copy_of_packs(tmp_path)
    target = folder / "KR" / "rules.toml"
    text = target.read_text(encoding="utf-8").replace("citation.ja", "citation.fr", 10)
    target.write_text(text, encoding="utf-8")
    with pytest.raises(ProgrammeError) as caught:
        read_packs(folder)
    assert len(caught.value.faults) == 10
    assert len({each.place.line for each in caught.value.faults}) == 10


def test_a_category_cannot_be_left_empty_for_a_person():
    flow = next(
        flow for _, flow in FLOWS if not against(flow) and flow["sender.jurisdiction"] == "US"
    )
    facts = facts_of(flow)
    assert not _allowed(replace(facts, data=replace(facts.data, categories=frozenset())))
    assert Category.ORDINARY in set(Category)
