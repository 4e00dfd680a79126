"""An older store beside a newer log: nothing is cleared away, nothing leaves, ever again."""

import shutil

import pytest

import sekisho
from sekisho.errors import TamperedError
from sekisho.gate.repair import repair
from sekisho.model.actor import Participant
from sekisho.model.folder import NodeFolder
from sekisho.model.text import Text
from sekisho.node import Node
from sekisho.settings import read_settings
from sekisho.terms import ParticipantKind
from sekisho.wiring import house_of
from tests.lib.small import PROGRAMME, make_node, rows, write_sales


def _with_an_older_store(tmp_path):
    """A node's folder: released since, then given its store of before the release."""
    with make_node(tmp_path) as node:
        root = node.folder
    older = tmp_path / "older"
    older.mkdir()
    for file in root.glob("store.sqlite*"):
        shutil.copy(file, older)
    with sekisho.open(root) as node:
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "m.csv", rows(9, start=1000)))
        node.release(PROGRAMME, "by-place")
    for file in root.glob("store.sqlite*"):
        file.unlink()
    for file in older.iterdir():
        shutil.copy(file, root)
    return root


def _what_left_and_came(root):
    return sorted(
        str(each) for folder in ("releases", "deliveries") for each in root.glob(f"{folder}/**/*")
    )


def test_an_older_store_is_refused_before_what_it_forgot_is_cleared_away(tmp_path):
    """Releases and data that the older store does not know lie there and must stay."""
    root = _with_an_older_store(tmp_path)
    before = _what_left_and_came(root)
    with pytest.raises(TamperedError):
        sekisho.open(root)
    assert _what_left_and_came(root) == before


def test_an_older_store_that_grew_past_the_log_is_refused_all_the_same(tmp_path):
    """Calls that failed have left entries of their own, at indexes that the log holds already."""
    root = _with_an_older_store(tmp_path)
    before = _what_left_and_came(root)
    folder = NodeFolder(root)
    house = house_of(folder, read_settings(folder.settings), create=False)
    node = Node(house, read_settings(folder.settings), house.store.actors()[0])
    with node:
        for number in range(4):
            new = Participant(f"p{number}", Text("a", "b"), ParticipantKind.PUBLIC_BODY, "JP")
            with pytest.raises(TamperedError):
                node.add_participant(new)
        assert house.store.entry_count() > house.log.size()
        with pytest.raises(TamperedError):
            node.release(PROGRAMME, "by-place")
        with pytest.raises(TamperedError):
            repair(house)
    with pytest.raises(TamperedError):
        sekisho.open(root)
    assert _what_left_and_came(root) == before
