"""What a plan marks, and what cannot be protected, is refused with the reason; never half done."""

import pytest

import sekisho
from sekisho.errors import CancelledError, Refused
from sekisho.ports import Watch
from sekisho.terms import JobState
from tests.lib.small import HEADER, OWNER, PLANS, PROGRAMME, make_node, write_programme, write_sales

LINES = [
    # two towns in the north: one firm alone in n1, four firms in n2; a region of many firms else
    "1,a,north,n1,tea,2020,100.00",
    *(f"{n},{firm},north,n2,rice,2020,200.00" for n, firm in enumerate("bcde", 2)),
    *(
        f"{n},{firm},south,s1,{'tea' if n % 2 else 'rice'},2020,300.00"
        for n, firm in enumerate("bcdefgh", 10)
    ),
]


def _node(tmp_path, listed=""):
    root = write_programme(tmp_path)
    plan = root / "releases" / "by-place.toml"
    text = plan.read_text(encoding="utf-8")
    if listed:
        text = text.replace(
            'links = ["by-goods"]', f'links = ["by-goods"]\nmust_publish = {listed}'
        )
    plan.write_text(text, encoding="utf-8")
    node = sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": 10})
    node.add_programme(root)
    node.load(PROGRAMME, "sales", write_sales(tmp_path / "s.csv", LINES))
    return node


def test_an_unsafe_cell_cannot_be_marked_as_must_publish(tmp_path):
    with _node(tmp_path, '[["north", "n1", "2020"]]') as node:
        with pytest.raises(Refused) as caught:
            node.release(PROGRAMME, "by-place")
        assert caught.value.faults[0].code == "statistics.must-publish"
        assert node.releases() == []


def test_must_publish_cells_that_make_protection_impossible_are_named(tmp_path):
    listed = (
        '[["north", "n2", "2020"], ["north", "n2", ""], ["north", "", "2020"], ["north", "", ""]]'
    )
    with _node(tmp_path, listed) as node:
        with pytest.raises(Refused) as caught:
            node.release(PROGRAMME, "by-place")
        (fault,) = caught.value.faults
        assert fault.code == "statistics.must-publish-blocks"
        assert "north" in str(fault.fields["cells"])


def test_a_cell_marked_as_must_publish_stays_shown(tmp_path):
    with _node(tmp_path, '[["south", "", "2020"]]') as node:
        table = node.release(PROGRAMME, "by-place").table
        shown = {row.groups: row.cell for row in table}
        assert not isinstance(shown["south", None, "2020"], sekisho.Suppressed)
        assert isinstance(shown["north", "n1", "2020"], sekisho.Suppressed)


def test_a_release_cancelled_midway_leaves_nothing(tmp_path):
    with make_node(tmp_path) as node:
        calls = []

        def cancelled():
            calls.append(1)
            return len(calls) > 6

        with pytest.raises(CancelledError):
            node.release(PROGRAMME, PLANS[0], Watch(cancelled=cancelled))
        assert node.releases() == []
        assert not list((node.folder / "aside").glob("*"))
        assert [job.state for job in node.jobs()][-1] is JobState.CANCELLED
        assert node.release(PROGRAMME, PLANS[0]).release.revision == 1
        assert node.verify().passed


def test_few_contributors_hide_a_cell_even_when_its_value_is_zero(tmp_path):
    zero = [
        *LINES,
        "50,a,west,w1,silk,2020,0.00",
        *(f"{n},{f},west,w2,silk,2020,9.00" for n, f in enumerate("bcde", 51)),
    ]
    root = write_programme(tmp_path)
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": 10}) as node:
        node.add_programme(root)
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "s.csv", zero))
        table = node.release(PROGRAMME, "by-place").table
        cells = {row.groups: row.cell for row in table}
        assert isinstance(cells["west", "w1", "2020"], sekisho.Suppressed)


def test_an_edited_copy_of_a_programme_is_refused(tmp_path):
    with make_node(tmp_path) as node:
        (copy,) = (node.folder / "programmes" / PROGRAMME).iterdir()
        rule = copy / "rules" / "release.cedar"
        rule.write_text(
            rule.read_text(encoding="utf-8").replace("statistical", "personal"), encoding="utf-8"
        )
    with sekisho.open(tmp_path / "node") as node, pytest.raises(sekisho.SekishoError):
        node.release(PROGRAMME, PLANS[0])


def test_a_header_alone_is_no_data(tmp_path):
    empty = tmp_path / "e.csv"
    empty.write_text(HEADER + "\n", encoding="utf-8")
    root = write_programme(tmp_path)
    with sekisho.init(tmp_path / "node", OWNER) as node:
        node.add_programme(root)
        with pytest.raises(sekisho.SekishoError):
            node.load(PROGRAMME, "sales", empty)
        with pytest.raises(sekisho.SekishoError):
            node.release(PROGRAMME, PLANS[0])
        assert node.verify().passed
