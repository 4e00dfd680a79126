"""A release keeps the facts by which it was allowed; stricter rules find it again."""

import re

from sekisho.rules.decide import decide
from tests.lib.small import PROGRAMME, make_node


def stricter(folder):
    """The same programme, its rules forbidding every release, in another version."""
    for file in folder.rglob("*.cedar"):
        text = file.read_text(encoding="utf-8")
        whole = '\n@id("small-closed")\n@cite("own rule")\n@cite_ja("自らのルール")\n@text_en("Closed.")\n@text_ja("閉じています。")\nforbid (principal, action, resource);\n'
        file.write_text(text + whole, encoding="utf-8")
    return folder


def test_a_release_is_judged_again_from_its_stored_facts_when_the_programme_changes(tmp_path):
    with make_node(tmp_path) as node:
        made = node.release(PROGRAMME, "by-place")
        (flow,) = node._house.store.duties.flows()
        programme = node.programme(PROGRAMME)
        again = decide(flow.facts, programme.access_rules, node._house.packs, flow.on)
        assert (flow.id, again) == (made.release.id, made.release.decision)
        assert node.duties.redecide() == []
        for case in (tmp_path / PROGRAMME / "cases").glob("*.json"):
            case.unlink()
        node.add_programme(stricter(tmp_path / PROGRAMME))
        (lapsed,) = node.duties.redecide(PROGRAMME)
        assert lapsed.permission.id == made.release.id
        assert lapsed.rules_changed
        assert re.search("small-closed", " ".join(lapsed.decision.rule_ids))
