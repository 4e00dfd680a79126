"""A programme that is edited and added again opens nothing that left hidden before."""

import shutil

import pytest

import sekisho
from sekisho.errors import Refused
from tests.lib.small import (
    OWNER,
    PROGRAMME,
    SECRET_P,
    make_node,
    rows,
    write_programme,
    write_sales,
)

PLANS = ("by-place", "by-goods")
NOT_A_FIRM = """
[[sekisho.not_contributors]]
value = "firm-3"
[sekisho.not_contributors.reason]
en = "Made up"
ja = "架空"
"""


def _edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def _nothing_sold(count):
    """Rows of many firms and no value: they change no cell of any table."""
    places = {"north": "n1", "south": "s1", "west": "w1"}
    return [
        f"{900 + n},extra-{n},{region},{town},rice,2019,0.00"
        for n in range(count)
        for region, town in [list(places.items())[n % 3]]
    ]


def _refuses(node, *plans):
    before = len(node.releases())
    for plan in plans:
        with pytest.raises(Refused):
            node.release(PROGRAMME, plan)
    assert len(node.releases()) == before


def _leave_a_firm_out(root):
    _edit(root / "datasets/sales.toml", 'holder = "office"', f'holder = "office"\n{NOT_A_FIRM}')
    for plan in PLANS:
        _edit(root / f"releases/{plan}.sql", "sales\n", "sales\nWHERE firm <> 'firm-3'\n")


def test_a_firm_left_out_later_cannot_be_read_off_the_difference(tmp_path):
    """The old table minus the new one would be that firm's sales, cell by cell."""
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        _leave_a_firm_out(tmp_path / PROGRAMME)
        node.add_programme(tmp_path / PROGRAMME)
        _refuses(node, *PLANS)
        more = write_sales(tmp_path / "more.csv", _nothing_sold(30))
        node.load(PROGRAMME, "sales", more)
        _refuses(node, *PLANS)


def test_a_dimension_under_another_name_shows_nothing_that_was_hidden(tmp_path):
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        _edit(tmp_path / PROGRAMME / "releases/by-place.toml", 'id = "place"', 'id = "spot"')
        node.add_programme(tmp_path / PROGRAMME)
        _refuses(node, "by-place")


def test_a_dimension_of_fewer_levels_shows_nothing_that_was_hidden(tmp_path):
    """Towns without their regions, under another name: the same rows cell by cell."""
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        plan = tmp_path / PROGRAMME / "releases/by-place.toml"
        _edit(plan, 'id = "place"', 'id = "town"')
        _edit(plan, '{ column = "region", title = { en = "region", ja = "region" } }, ', "")
        sql = plan.with_suffix(".sql")
        _edit(sql, "region, town, year", "town, year")
        _edit(sql, "region, town)", "town)")
        node.add_programme(tmp_path / PROGRAMME)
        _refuses(node, "by-place")


def test_members_renamed_show_nothing_that_was_hidden(tmp_path):
    """`UPPER (town)` gives every cell another name and the same rows."""
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        sql = tmp_path / PROGRAMME / "releases/by-place.sql"
        sql.write_text(
            "SELECT region, UPPER(town) AS town, year, SUM(value) AS value FROM sales\n"
            "GROUP BY ROLLUP (region, UPPER(town)), ROLLUP (year)\n",
            encoding="utf-8",
        )
        node.add_programme(tmp_path / PROGRAMME)
        _refuses(node, "by-place")


def test_linked_plans_that_classify_by_one_column_twice_are_refused(tmp_path):
    import sekisho
    from tests.lib.small import OWNER, SECRET_P, write_programme

    root = write_programme(tmp_path)
    plan = root / "releases/by-goods.toml"
    _edit(plan, 'id = "goods"', 'id = "area"')
    _edit(plan, 'column = "goods"', 'column = "region"')
    sql = plan.with_suffix(".sql")
    sql.write_text(sql.read_text(encoding="utf-8").replace("goods", "region"), encoding="utf-8")
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        node.add_programme(root)
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "sales.csv", rows(1)))
        _refuses(node, *PLANS)


def test_titles_and_rules_may_be_edited_between_two_releases(tmp_path):
    with make_node(tmp_path) as node:
        first = node.release(PROGRAMME, "by-place")
        _edit(tmp_path / PROGRAMME / "releases/by-place.toml", "Made up.", "Edited.")
        node.add_programme(tmp_path / PROGRAMME)
        second = node.release(PROGRAMME, "by-place")
        assert {row.groups: row.cell for row in first.table} == {
            row.groups: row.cell for row in second.table
        }
        shutil.rmtree(tmp_path / PROGRAMME)


def test_linked_plans_whose_columns_classify_alike_are_refused(tmp_path):
    """Goods that are made in one town each: both tables show the same rows cell by cell."""
    lines = []
    for line in rows(1):
        parts = line.split(",")
        lines.append(",".join([*parts[:4], f"of-{parts[3]}", *parts[5:]]))
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        node.add_programme(write_programme(tmp_path))
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "sales.csv", lines))
        _refuses(node, *PLANS)
