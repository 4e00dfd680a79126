"""Three editions and a firm's own knowledge: no difference of two editions gives a firm away."""

import sekisho
from sekisho.model.table import Suppressed
from tests.lib.small import OWNER, PROGRAMME, SECRET_P, write_programme, write_sales

TOWNS = ("n1", "n2", "n3")


def _sales(first, firms, town, value):
    """One sale of each firm in one northern town."""
    return [
        f"{first + n},{firm},north,{town},rice,2019,{value + n}.00" for n, firm in enumerate(firms)
    ]


def _many(letter, count=6):
    return [f"{letter}{n}" for n in range(count)]


def _base():
    found = []
    for at, town in enumerate(TOWNS):
        found += _sales(100 * (at + 1), _many("old"), town, 100)
    return found


def _node(tmp_path):
    node = sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P})
    node.add_programme(write_programme(tmp_path))
    return node


def _edition(node, tmp_path, name, lines):
    """Bring lines, release, and tell which northern towns are hidden."""
    node.load(PROGRAMME, "sales", write_sales(tmp_path / f"{name}.csv", lines))
    table = node.release(PROGRAMME, "by-place").table
    hidden = {
        row.groups[1]
        for row in table
        if row.groups[2] == "2019" and isinstance(row.cell, Suppressed)
    }
    return hidden & set(TOWNS)


def test_a_firm_alone_in_a_change_cannot_read_another_firm_off_it(tmp_path):
    """It knows its own cell of the change; a second hidden cell alone would be the other firm."""
    came = [
        *_sales(900, ["firm-a"], "n1", 50),
        *_sales(910, ["firm-b"], "n2", 70),
        *_sales(920, _many("new"), "n3", 30),
    ]
    with _node(tmp_path) as node:
        assert _edition(node, tmp_path, "first", _base()) == set()
        assert _edition(node, tmp_path, "second", came) == set(TOWNS)


def test_a_third_edition_does_not_undo_the_difference_of_the_first_two(tmp_path):
    """A town that did not change since, shown now, would leave one hidden cell in the second."""
    second = [
        *_sales(900, ["firm-a"], "n1", 50),
        *_sales(910, _many("b"), "n2", 70),
        *_sales(920, _many("c"), "n3", 30),
    ]
    third = _sales(950, _many("d", 9), "n1", 300)
    with _node(tmp_path) as node:
        assert _edition(node, tmp_path, "first", _base()) == set()
        hidden = _edition(node, tmp_path, "second", second)
        assert "n1" in hidden
        still = _edition(node, tmp_path, "third", third)
        others = hidden - {"n1"}
        assert others & still, "what the second edition hid beside n1 can be read off the third"
