import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sekisho.formats.json import JSON
from sekisho.model.table import SUPPRESSED, Row
from sekisho.model.text import Text
from tests.lib.releases import purchases, small

ABOUT = {"release": "r.1", "programme": "p", "revision": 1}


def written(table, folder, about=ABOUT):
    JSON.write(table, folder / "t.json", about)
    return (folder / "t.json").read_text(encoding="utf-8")


def test_a_hidden_cell_has_a_status_and_no_value(tmp_path):
    rows = json.loads(written(small(Decimal(3), SUPPRESSED), tmp_path))["rows"]
    assert rows[0] == {"groups": [None], "cell": {"value": "3"}}
    assert rows[1] == {"groups": ["a"], "cell": {"status": "confidential"}}


def test_decimals_survive_as_written(tmp_path):
    document = json.loads(written(small(Decimal("10.50"), decimals=2), tmp_path))
    assert document["rows"][0]["cell"] == {"value": "10.50"}
    assert document["measure"]["decimals"] == 2


def test_the_document_says_what_a_reader_needs(tmp_path):
    table = purchases()
    document = json.loads(written(table, tmp_path))
    assert (document["schema"], document["version"]) == ("sekisho.table", 1)
    assert document["title"]["ja"] == table.title.ja
    assert [d["id"] for d in document["dimensions"]] == ["destination", "year"]
    assert [c["id"] for c in document["dimensions"][0]["columns"]] == ["sub_region", "country"]
    assert document["measure"]["unit_of_measure"] == {"en": "US dollars", "ja": "米ドル"}
    assert document["cells"] == {"shown": table.shown, "hidden": table.hidden}
    assert len(document["rows"]) == len(table.rows)
    assert {
        "column": "country",
        "value": "KE",
        "label": {"en": "Kenya", "ja": "ケニア"},
    } in document["labels"]


def test_the_same_facts_in_another_order_give_the_same_bytes(tmp_path):
    turned = dict(reversed(list(ABOUT.items())))
    assert written(purchases(), tmp_path) == written(purchases(), tmp_path, turned)


def test_labels_of_groups_that_do_not_occur_are_left_out(tmp_path):
    labels = (("kind", "a", Text("A", "ア")), ("kind", "z", Text("Z", "ゼット")))
    document = json.loads(written(small(1, 2, labels=labels), tmp_path))
    assert [label["value"] for label in document["labels"]] == ["a"]


def test_a_table_without_rows_is_still_one_document(tmp_path):
    assert json.loads(written(small(), tmp_path))["rows"] == []


@given(group=st.text(min_size=1, max_size=8).filter(lambda t: t.isprintable()))
def test_any_group_reads_back(group, tmp_path_factory):
    table = small(rows=(Row((group,), 1),))
    document = json.loads(written(table, tmp_path_factory.mktemp("json")))
    assert document["rows"][0]["groups"] == [group]
