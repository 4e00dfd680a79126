"""The pages about the rules are those that the packs give, and the how-to works as written."""

import re
from pathlib import Path

import pytest

from sekisho.rules.decide import decide
from sekisho.rules.facts_file import read_facts
from sekisho.rules.lint import LAW_ALONE
from sekisho.rules.packs import installed, read_packs, shipped_folder
from sekisho.rules.pages import explanation, pages

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = pages(installed())


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_reference_page_is_up_to_date(name):
    assert (DOCS / "reference" / "rules" / name).read_text(encoding="utf-8") == PAGES[name]


def test_the_comparisons_of_the_manual_are_up_to_date():
    page = (DOCS / "explanation" / "common-rules.md").read_text(encoding="utf-8")
    assert explanation(page, installed()) == page
    assert page.count("The smallest common set of safeguards") == 2


def _blocks():
    text = (DOCS / "how-to" / "write-a-rule-pack.md").read_text(encoding="utf-8")
    return re.findall(r"```(?:toml)?\n(.*?)```", text, re.DOTALL)


def _block(beginning):
    return next(each for each in _blocks() if each.lstrip().startswith(beginning))


def test_the_pack_of_the_how_to_is_taken_in_and_decides_as_its_example_says(tmp_path):
    folder = tmp_path / "SG"
    folder.mkdir()
    rule = _block("[[rule]]")
    rules = [rule.replace("SG-REG-12", each) for each in ("SG-PDPA-26", "SG-REG-10-contract")]
    files = {
        "pack.toml": _block('schema = 1\njurisdiction = "SG"'),
        "rules.cedar": _block('@id("SG-PDPA-26")'),
        "rules.toml": "\n".join(["schema = 1", rule, *rules, _block("[[duty]]")]),
        "examples.toml": "schema = 1\n" + _block("[[example]]"),
        "facts.toml": _block("schema = 1\n\n[[fact]]"),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    packs = read_packs(shipped_folder(), tmp_path)
    assert sorted(packs.packs) == ["EU", "JP", "KR", "SG", "US"]
    example = packs.packs["SG"].examples[0]
    facts = read_facts(example["flow"], packs)
    decision = decide(facts, LAW_ALONE, packs, example["on"])
    assert decision.outcome.value == example["expect"]
    assert set(example["cites"]) <= set(decision.rule_ids)
