"""The check of packs finds what a reviewer would find."""

from datetime import date

import pytest

from sekisho.errors import UsageError
from sekisho.rules.facts_file import read_facts
from sekisho.rules.lint import check_not_laxer, check_packs
from sekisho.rules.packs import installed, read_packs
from tests.lib.flows import DAY
from tests.lib.packs import copy_of_packs

RULE = """
[[rule]]
id = "KR-NEW"
version_of = "KR-PIPA-26"
citation.en = "PIPA Art. 26"
citation.ja = "第26条"
numbering_date = 2023-09-15
status = "in-force"
from = 2024-01-01
source = "here"
seen = "primary"
text.en = "t"
text.ja = "t"
"""
CONDITION = """
@id("KR-NEW")
permit (principal, action == Action::"weigh", resource)
when { context.contract.processor && context.data.identifiability == "anonymised" };
"""


def _changed(tmp_path, file, old, new, extra=""):
    folder = copy_of_packs(tmp_path)
    target = folder / file
    text = target.read_text(encoding="utf-8")
    assert old in text
    target.write_text(text.replace(old, new) + extra, encoding="utf-8")
    return folder


def _said(folder):
    return [each.sentence() for each in check_packs(read_packs(folder))]


def test_the_shipped_packs_have_no_fault():
    assert check_packs(installed()) == []


def test_a_rule_without_an_example_is_named(tmp_path):
    folder = copy_of_packs(tmp_path)
    target = folder / "KR" / "examples.toml"
    blocks = target.read_text(encoding="utf-8").split("[[example]]")
    kept = [each for each in blocks if "KR-PIPA-15-1-5" not in each]
    assert len(kept) < len(blocks)
    target.write_text("[[example]]".join(kept), encoding="utf-8")
    assert any("KR-PIPA-15-1-5" in each and "no example" in each for each in _said(folder))


def test_an_example_that_comes_out_otherwise_is_named(tmp_path):
    folder = _changed(
        tmp_path, "US/examples.toml", '"health"], persons = 10001', '"health"], persons = 10000'
    )
    assert any("US-border-deidentified" in each for each in _said(folder))


def test_versions_that_overlap_and_gateways_out_of_reach_are_named(tmp_path):
    folder = _changed(tmp_path, "KR/rules.toml", "schema = 1", "schema = 1", RULE)
    cedar = folder / "KR" / "rules.cedar"
    text = cedar.read_text(encoding="utf-8")
    text = text.replace(
        '"KR-PIPA-26", "KR-PIPA-28-2"\n', '"KR-PIPA-26", "KR-PIPA-28-2", "KR-NEW"\n'
    )
    cedar.write_text(text + CONDITION, encoding="utf-8")
    said = _said(folder)
    assert any("overlap" in each and "KR-NEW" in each for each in said)
    assert any("can never open" in each and "KR-NEW" in each for each in said)


def test_a_rule_that_ends_before_it_begins_is_named(tmp_path):
    folder = _changed(
        tmp_path, "KR/rules.toml", "from = 2025-09-16", "from = 2025-09-16\nto = 2025-01-01"
    )
    assert any("ends before it begins" in each for each in _said(folder))


def test_a_fact_used_against_its_direction_installs_nothing(tmp_path):
    folder = _changed(
        tmp_path,
        "KR/rules.cedar",
        "when { context.basis.treaty };",
        "when { !context.basis.treaty };",
    )
    with pytest.raises(Exception, match="against its direction"):
        read_packs(folder)


def test_a_new_version_that_is_laxer_than_the_old_is_named(tmp_path):
    folder = _changed(tmp_path, "JP/rules.cedar", "  context.consent.abroad &&\n", "")
    laxer = read_packs(folder)
    said = [each.sentence() for each in check_not_laxer(laxer, installed(), DAY)]
    assert any("JP-APPI-28" in each for each in said)
    assert check_not_laxer(installed(), laxer, DAY) == []


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"lane": "records"}, "record"),
        ({"sender": {"kind": "hospitl"}}, "hospital"),
        ({"sender": {"kid": "hospital"}}, "kind"),
        ({"data": {"identifiability": "person"}}, "personal"),
        ({"data": {"categories": "health"}}, "data.categories"),
        ({"data": {"persons": "many"}}, "data.persons"),
        ({"on_file": {"consent.givn": True}}, "consent.given"),
        ({"on_file": {"consent.given": "yes"}}, "consent.given"),
        ({"on_file": {"consent.given": {"is": True, "until": "soon"}}}, "consent.given"),
        ({"on_file": {"consent.given": {"is": True, "until": "2027-01-01T00:00"}}}, "time zone"),
        ({"purpose": "marketing"}, "purpose"),
        ({"sender": {"jurisdiction": "Japan"}}, "sender.jurisdiction"),
    ],
)
def test_a_fault_in_a_facts_file_is_named(table, word):
    with pytest.raises(UsageError, match=word):
        read_facts(table, installed())


def test_a_facts_file_holds_source_and_end_of_each_fact():
    facts = read_facts(
        {
            "lane": "record",
            "on_file": {
                "contract.scc": {
                    "is": True,
                    "source": "contract 7",
                    "answers": "legal office",
                    "until": "2027-04-01T00:00:00+09:00",
                }
            },
        },
        installed(),
    )
    fact = facts.fact("contract.scc")
    assert (fact.source, fact.answers) == ("contract 7", "legal office")
    assert fact.until is not None
    assert fact.until.date() == date(2027, 4, 1)
