from decimal import Decimal
from html.parser import HTMLParser

import pyarrow as pa

from sekisho.model.table import SUPPRESSED, Row
from sekisho.model.text import Text
from sekisho.present.convert import table_to_arrow, table_to_pandas
from sekisho.present.notebook import release_html, table_html
from sekisho.terms import Language
from tests.lib.releases import purchases, release, small

HOSTILE = "<script>alert(1)</script>\"'&"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = []

    def handle_starttag(self, tag, _attrs):
        self.seen.append(tag)


def tags(html):
    parser = Tags()
    parser.feed(html)
    return parser.seen


def test_hostile_texts_stay_text():
    table = small(
        rows=(Row((HOSTILE,), Decimal(1)),),
        title=Text(HOSTILE, HOSTILE),
        measure_title=Text(HOSTILE, HOSTILE),
        unit_of_measure=Text(HOSTILE, HOSTILE),
    )
    html = release_html(release(table=table, id=HOSTILE), Language.EN)
    assert "script" not in tags(html)
    assert "&lt;script&gt;" in html


def test_a_release_shows_table_decision_and_entry():
    html = release_html(release(), Language.EN)
    assert "Allowed by: Programme rule cbe-R1; Programme rule cbe-R2" in html
    assert "Entry 4 of the transparency log" in html
    assert tags(html).count("tr") == 53


def test_a_release_that_is_not_logged_says_so():
    assert "Not yet in the transparency log" in release_html(release(entry_index=None), Language.EN)


def test_a_long_table_says_that_it_is_shortened():
    rows = tuple(Row((str(number),), number) for number in range(200))
    html = table_html(small(rows=rows), Language.EN, file="t.csv")
    assert "first 60 of 200 rows; the whole table is in t.csv" in html
    assert "<script" not in html


def test_the_japanese_display_is_marked_as_japanese():
    html = release_html(release(), Language.JA)
    assert 'lang="ja"' in html
    assert "東アフリカ" in html
    assert "許可の根拠となったルール" in html


def test_arrow_and_pandas_keep_decimals_and_hide_by_null():
    table = small(Decimal("1.50"), SUPPRESSED, decimals=2)
    assert table_to_arrow(table).schema.field("value").type == pa.decimal128(38, 2)
    frame = table_to_pandas(table)
    assert frame["value"].tolist() == [Decimal("1.50"), None]
    assert frame["status"].tolist() == ["published", "confidential"]
    assert len(table_to_pandas(purchases())) == 341
