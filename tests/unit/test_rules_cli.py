"""The commands of the rules: the same sentences everywhere, faults with their place."""

import json

import pytest
from click.testing import CliRunner

from sekisho.cli.main import run
from sekisho.cli.rules import decide, rules
from sekisho.model.facts import DataFacts, Facts, Identifiability, Party, PartyKind
from sekisho.rules.asking import answered, next_question
from sekisho.rules.decide import decide as judge
from sekisho.rules.explain import as_document, explain
from sekisho.rules.lint import LAW_ALONE
from sekisho.rules.packs import installed
from sekisho.terms import Lane, Language
from tests.lib.flows import DAY
from tests.lib.packs import copy_of_packs

REFERRAL = [
    *("--from", "JP", "--to", "US", "--sender", "hospital", "--recipient", "hospital"),
    *("--data", "personal", "--category", "health", "--on", "2026-11-21"),
]


def _decide(*arguments, **options):
    return CliRunner().invoke(decide, [*REFERRAL, *arguments], **options)


def test_a_refusal_names_article_gateways_and_openings():
    found = _decide("--no-ask", "--lang", "en")
    assert "Refused on 2026-11-21" in found.output
    assert "APPI Art. 28(1)" in found.output
    assert "closed – APPI Rules Art. 16(ii)" in found.output
    assert "What would open the way" in found.output
    assert "not legal advice" in found.output


def test_the_terminal_and_a_program_get_the_same_sentences():
    for language in Language:
        said = _decide("--no-ask", "--lang", language.value).output.splitlines()
        document = json.loads(_decide("--json", "--lang", language.value).output)
        assert document["sentences"] == said
        assert document["outcome"] == "refused"


def test_a_refusal_has_its_own_exit_code_and_a_permission_none():
    assert run(["decide", *REFERRAL, "--no-ask"]) == 6
    consented = ["--so", "consent.given", "--not-so", "consent.withdrawn"]
    abroad = ["--so", "consent.abroad", "--so", "consent.informed_country"]
    assert run(["decide", *REFERRAL, "--no-ask", *consented, *abroad]) == 0


def test_it_asks_only_for_facts_that_could_change_the_answer():
    given = ["--so", "consent.given", "--not-so", "consent.withdrawn", "--so", "consent.abroad"]
    found = _decide("--ask", "--lang", "en", *given, input="true\n")
    assert found.output.count("empty = unknown") == 1
    assert "data-protection system" in found.output.splitlines()[0]
    assert "Allowed on 2026-11-21" in found.output


def test_it_asks_nothing_where_no_fact_could_help():
    facts = Facts(
        Lane.RECORD,
        Party(PartyKind.HOSPITAL, "ZZ"),
        Party(PartyKind.HOSPITAL, "JP"),
        DataFacts(Identifiability.PERSONAL),
    )
    packs = installed()
    assert next_question(facts, judge(facts, LAW_ALONE, packs, DAY), packs) is None


def test_from_nothing_the_questions_lead_to_an_answer():
    packs = installed()
    facts = Facts(Lane.RECORD, Party(), Party(), DataFacts())
    answers = {
        "sender.jurisdiction": "JP",
        "recipient.jurisdiction": "EU",
        "data.identifiability": "personal",
        "sender.kind": "business-operator",
        "recipient.kind": "business-operator",
        "data.categories": "ordinary",
    }
    asked = set()
    decision = judge(facts, LAW_ALONE, packs, DAY)
    while question := next_question(facts, decision, packs, frozenset(asked)):
        asked.add(question.path)
        kind = packs.vocabulary.facts.get(question.path)
        helps = answers.get(question.path) or ("true" if kind.opens else "false")
        facts = answered(facts, question, helps)
        decision = judge(facts, LAW_ALONE, packs, DAY)
    assert decision.allowed
    assert set(answers) <= asked
    assert len(asked) < 12


def test_facts_come_from_a_file_and_flags_add_to_it(tmp_path):
    file = tmp_path / "facts.toml"
    file.write_text(
        'sender = { kind = "hospital", jurisdiction = "KR" }\n'
        'data = { identifiability = "statistical" }\n',
        encoding="utf-8",
    )
    found = CliRunner().invoke(decide, ["--facts", str(file), "--to", "BD", "--no-ask"])
    assert found.exit_code == 0, found.output


def test_a_programmes_rules_are_asked_in_place_of_the_law_alone(tmp_path):
    file = tmp_path / "own.cedar"
    file.write_text(
        '@id("own") @cite("Terms, 4") @text_en("Only tables.") @text_ja("集計表だけ。") '
        'permit (principal, action == Action::"release", resource);',
        encoding="utf-8",
    )
    shared = ["--data", "statistical", "--no-ask", "--lang", "en", "--rules", str(file)]
    assert "own" in CliRunner().invoke(decide, [*shared, "--lane", "statistics"]).output
    assert "SEKISHO-2" in CliRunner().invoke(decide, [*shared, "--lane", "open"]).output


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["decide", "--from", "Japan", "--no-ask"], "sender.jurisdiction"),
        (["decide", "--so", "consent.givn", "--no-ask"], "consent.given"),
        (["rules", "show", "ZZ"], "write-a-rule-pack"),
        (["rules", "compare", "JP", "--flow", "health-referral"], "two jurisdictions"),
        (["rules", "compare", "JP", "ZZ", "--flow", "health-referral"], "ZZ"),
        (["rules", "compare", "JP", "EU", "--flow", "health-referal"], "health-referral"),
    ],
)
def test_a_call_that_cannot_be_understood_says_how_to_go_on(arguments, word, capsys):
    assert run([*arguments, "--lang", "en"]) == 2
    assert word in capsys.readouterr().err


def test_the_shipped_packs_pass_their_check_and_a_broken_one_does_not(tmp_path, capsys):
    assert run(["rules", "check"]) == 0
    folder = copy_of_packs(tmp_path)
    target = folder / "KR" / "rules.toml"
    target.write_text(target.read_text(encoding="utf-8").replace("source = ", "sauce = ", 3))
    assert run(["rules", "check", str(folder), "--lang", "en"]) == 3
    assert capsys.readouterr().err.count("KR/rules.toml:") == 3


def test_a_pack_prints_as_lines_and_as_a_page_of_two_columns(tmp_path):
    target = tmp_path / "jp.html"
    found = CliRunner().invoke(rules, ["show", "JP", "--lang", "ja"])
    assert "個人情報保護法第28条第1項" in found.output
    CliRunner().invoke(rules, ["show", "JP", "--html", str(target), "--lang", "ja"])
    page = target.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count('<th scope="col">') == 2
    assert "forbid (principal, action, resource)" in page
    assert "<script" not in page
    assert "src=" not in page


def test_a_comparison_prints_as_page_table_and_document(tmp_path):
    page, table = tmp_path / "c.html", tmp_path / "c.csv"
    shared = ["compare", "JP", "EU", "--flow", "health-referral", "--on", "2026-11-21"]
    CliRunner().invoke(rules, [*shared, "--html", str(page), "--csv", str(table)])
    assert "GDPR" in page.read_text(encoding="utf-8")
    assert len(table.read_text(encoding="utf-8").splitlines()) > 10
    document = json.loads(CliRunner().invoke(rules, [*shared, "--json"]).output)
    assert [pair["from"] for pair in document["pairs"]] == ["JP", "EU"]
    assert document["statistics_pass"] is True


def test_an_explanation_is_whole_in_both_languages():
    facts = Facts(
        Lane.RECORD,
        Party(PartyKind.HOSPITAL, "JP"),
        Party(PartyKind.HOSPITAL, "US"),
        DataFacts(Identifiability.PERSONAL),
    )
    decision = judge(facts, LAW_ALONE, installed(), DAY)
    english, japanese = explain(decision), explain(decision, Language.JA)
    assert len(english) == len(japanese)
    assert not any("{" in line for line in (*english, *japanese))
    assert as_document(decision)["sentences"] == english
