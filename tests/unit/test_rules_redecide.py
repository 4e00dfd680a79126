"""Old decisions can be proved, and open permissions are judged again when a pack changes."""

from dataclasses import replace
from datetime import UTC, date, datetime

from sekisho.model.facts import Fact, Truth
from sekisho.rules.decide import decide
from sekisho.rules.facts_file import read_facts
from sekisho.rules.lint import LAW_ALONE
from sekisho.rules.packs import installed, read_packs, shipped_folder
from sekisho.rules.redecide import Permission, is_the_same, now_refused
from tests.lib.flows import DAY
from tests.lib.packs import copy_of_packs

PACKS = installed()


def _permission(gateway):
    """The worked example that passes by a gateway."""
    examples = (each for pack in PACKS.packs.values() for each in pack.examples)
    example = next(each for each in examples if each["id"].endswith(f"-by-{gateway}"))
    facts = read_facts(example["flow"], PACKS)
    decision = decide(facts, LAW_ALONE, PACKS, DAY)
    return Permission(gateway, facts, LAW_ALONE, decision.pack_hash), decision


def test_the_same_facts_pack_and_day_give_the_same_decision():
    permission, decision = _permission("EU-GDPR-6-1-a")
    assert is_the_same(decision, permission.facts, LAW_ALONE, PACKS)
    assert is_the_same(decision, permission.facts, LAW_ALONE, read_packs(shipped_folder()))
    other = replace(permission.facts, purpose="dpv:Healthcare")
    assert not is_the_same(decision, other, LAW_ALONE, PACKS)


def test_the_order_of_facts_changes_nothing():
    permission, decision = _permission("EU-GDPR-6-1-a")
    turned = dict(reversed(list(permission.facts.on_file.items())))
    again = decide(replace(permission.facts, on_file=turned), LAW_ALONE, PACKS, DAY)
    assert again == decision


def test_a_changed_pack_lists_the_permissions_that_it_would_refuse(tmp_path):
    permission, _ = _permission("JP-APPI-27-1-1")
    folder = copy_of_packs(tmp_path)
    target = folder / "JP" / "rules.cedar"
    text = target.read_text(encoding="utf-8")
    stricter = "when { context.basis.law_requires && context.basis.state_task };"
    target.write_text(
        text.replace("when { context.basis.law_requires };", stricter), encoding="utf-8"
    )
    assert now_refused([permission], PACKS, DAY) == ()
    lapsed = now_refused([permission], read_packs(folder), DAY)
    assert [each.permission.id for each in lapsed] == ["JP-APPI-27-1-1"]
    assert lapsed[0].rules_changed
    assert lapsed[0].decision.openings


def test_a_fact_that_ran_out_lapses_a_permission_without_any_change_of_rules():
    permission, decision = _permission("JP-APPI-27-1-consent")
    until = datetime(2027, 1, 1, tzinfo=UTC)
    given = Fact(Truth.TRUE, "consent 3", "hospital", until)
    dated = replace(permission.facts, on_file={**permission.facts.on_file, "consent.given": given})
    kept = replace(permission, facts=dated)
    assert now_refused([kept], PACKS, date(2026, 12, 31)) == ()
    lapsed = now_refused([kept], PACKS, date(2027, 1, 1))
    assert len(lapsed) == 1
    assert not lapsed[0].rules_changed
    assert decision.pack_hash == lapsed[0].decision.pack_hash


def test_duties_of_an_allowed_flow_carry_their_dates():
    for gateway, duty, due in (
        ("JP-APPI-27-1-consent", "JP-DUTY-29", DAY),
        ("JP-APPI-27-5", "JP-DUTY-25", date(2027, 11, 21)),
        ("EU-GDPR-6-1-bf", "EU-DUTY-14-3", date(2026, 12, 21)),
    ):
        _, decision = _permission(gateway)
        found = {each.id: each.due for each in decision.duties}
        assert found[duty] == due, gateway
