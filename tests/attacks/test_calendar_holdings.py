"""Two firms of one holding are one contributor: nothing that they could pool is published."""

from datetime import UTC, datetime

import pytest

import sekisho
from sekisho.engines.duckdb import DuckDBEngine
from sekisho.engines.reference import ReferenceEngine
from sekisho.errors import DeliveryError, NotPermitted, Refused
from sekisho.lanes.statistics.admissible import admissible_query
from sekisho.model.actor import Actor
from sekisho.model.entry import EntryKind, parse_entry
from sekisho.model.table import Suppressed
from sekisho.ports import Sources, Watch
from sekisho.terms import Role
from tests.lib.calendars import with_clock
from tests.lib.small import OWNER, PROGRAMME, SECRET_P, write_programme, write_sales

HOLDING = """
[[columns]]
name = "group_of_firm"
type = "string"
title = { en = "Holding", ja = "企業グループ" }
sekisho = { sensitivity = "identifying" }
"""
ROWS = [
    f"{n},{firm},{region},{town},rice,2020,{value}"
    for n, (firm, region, town, value) in enumerate(
        [
            *((f"firm-{k}", "north", "n1", 100 + k) for k in range(3)),
            *((f"firm-{k}", "south", "s1", 100 + k) for k in range(3, 12)),
            *((f"firm-{k}", "west", "w1", 90 + k) for k in range(2, 12)),
        ],
        1,
    )
]
"""In the north there are three firms, of which two may belong together."""


def programme_with_holdings(folder):
    root = write_programme(folder)
    dataset = root / "datasets" / "sales.toml"
    text = dataset.read_text(encoding="utf-8")
    text = text.replace(
        'contributor = "firm"',
        'contributor = "firm"\nholding = "group_of_firm"\nprivate_holdings = true',
    )
    dataset.write_text(text + HOLDING, encoding="utf-8")
    for plan in ("by-place", "by-goods"):
        file = root / "releases" / f"{plan}.toml"
        said = file.read_text(encoding="utf-8").replace(
            'sensitivity_rules = ["minimum-frequency", "p-percent"]',
            'sensitivity_rules = ["minimum-frequency"]',
        )
        file.write_text(said, encoding="utf-8")
    return root


def table(file, *rows):
    file.write_text("\n".join(["contributor,holding", *rows]) + "\n", encoding="utf-8")
    return file


def held_node(folder):
    """A node whose programme asks for holdings, with data and no table yet."""
    node = with_clock(
        sekisho.init(folder / "node", OWNER, sensitivity={"p-percent": SECRET_P}),
        datetime.now(UTC),
    )
    node.add_programme(programme_with_holdings(folder))
    node.load(PROGRAMME, "sales", write_sales(folder / "sales.csv", ROWS))
    return node


def north(released):
    (cell,) = [row.cell for row in released.table if row.groups == ("north", None, None)]
    return cell


def test_without_a_table_nothing_is_released(tmp_path):
    with held_node(tmp_path) as node, pytest.raises(Refused):
        node.release(PROGRAMME, "by-place")


def test_three_firms_are_shown_and_two_holdings_are_not(tmp_path):
    for name, rows, hidden in (
        ("apart", (), False),
        ("together", ("firm-0,Group", "firm-1,Group"), True),
    ):
        (tmp_path / name).mkdir()
        with held_node(tmp_path / name) as node:
            node.members.set_holdings(PROGRAMME, table(tmp_path / f"{name}.csv", *rows))
            released = node.release(PROGRAMME, "by-place")
            assert isinstance(north(released), Suppressed) is hidden
            assert node.verify_certificate(released.id) == []


def test_the_table_stands_in_no_delivery_entry_or_released_file(tmp_path):
    with held_node(tmp_path) as node:
        kept = table(
            tmp_path / "held.csv", "firm-0,Very Private Group", "firm-1,Very Private Group"
        )
        assert node.members.set_holdings(PROGRAMME, kept) == 2
        assert node.members.set_holdings(PROGRAMME, kept) == 2
        released = node.release(PROGRAMME, "by-place")
        private = node.folder / "private"
        for file in sorted(node.folder.rglob("*")):
            if file.is_file() and private not in file.parents:
                assert b"Very Private" not in file.read_bytes(), file
        for part in (private, *private.rglob("*")):
            assert part.stat().st_mode & 0o077 == 0 or part.is_file()
        entries = [parse_entry(data) for _i, data in node._house.store.outbox(0, 99)]
        changed = [each for each in entries if each.kind is EntryKind.SETTINGS_CHANGED]
        assert [each.public["setting"] for each in changed] == ["holdings"]
        assert "group_of_firm" not in released.files["by-place.csv"].read_text(encoding="utf-8")


@pytest.mark.slow
def test_another_table_makes_another_edition_and_leaves_the_earlier_certified(tmp_path):
    with held_node(tmp_path) as node:
        node.members.set_holdings(PROGRAMME, table(tmp_path / "a.csv", "firm-0,G", "firm-1,G"))
        first = node.release(PROGRAMME, "by-place")
        node.members.set_holdings(PROGRAMME, table(tmp_path / "b.csv"))
        assert node.verify_certificate(first.id) == []
        second = node.release(PROGRAMME, "by-place")
        assert second.release.edition != first.release.edition
        assert isinstance(north(second), Suppressed), "what was hidden stays hidden"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "contributor,holding\nfirm-0,G\nfirm-0,H\n",
        "contributor,holding\nfirm-0\n",
        "contributor,holding\nfirm-0,\n",
        "contributor,holding,since\nfirm-0,G,2020\n",
        b"contributor,holding\nfirm-0,\xff\n",
        'contributor,holding\n"firm-0,G\n',
    ],
)
def test_a_table_that_is_none_is_refused_whole(tmp_path, shared, content):
    file = tmp_path / "held.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DeliveryError):
        shared.members.set_holdings(PROGRAMME, file)
    assert shared._house.store.calendar.holdings(PROGRAMME) is None


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A node that tests only try."""
    with held_node(tmp_path_factory.mktemp("shared")) as node:
        yield node


def test_only_the_data_holder_brings_it(tmp_path, shared):
    for name, role in (("steward", Role.STEWARD), ("user", Role.DATA_USER)):
        shared.add_actor(Actor(name, "office", frozenset({role})))
        with pytest.raises(NotPermitted):
            shared.as_(name).members.set_holdings(PROGRAMME, table(tmp_path / "t.csv"))
    with pytest.raises(NotPermitted):
        shared.as_anybody().members.set_holdings(PROGRAMME, table(tmp_path / "t.csv"))


def test_both_engines_fold_a_holding_into_one_contributor(tmp_path, shared):
    programme = shared.programme(PROGRAMME)
    plan = programme.plan("by-place")
    query = admissible_query(programme, plan)
    (delivery,) = shared._house.store.deliveries(PROGRAMME, "sales")
    file = shared._house.folder.delivery(PROGRAMME, "sales", delivery.id)
    kept = table(tmp_path / "k.csv", "firm-0,G", "firm-1,G", "firm-9,G")
    sources = Sources({"sales": (programme.dataset("sales"), (file,))}, {}, kept)
    found = []
    for engine in (DuckDBEngine(), ReferenceEngine()):
        cells = engine.contributions(query, sources, "firm", 10, Watch())
        found.append(
            {
                groups: (int(t), int(c), [int(v) for v in top])
                for groups, t, c, top in zip(
                    cells.groups, cells.totals, cells.contributors, cells.top, strict=True
                )
            }
        )
    assert found[0] == found[1]
    assert found[0]["north", None, None][1] == 2
