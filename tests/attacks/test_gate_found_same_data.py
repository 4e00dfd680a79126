"""The same data under two names: the second way out cannot show what the first one hid."""

import shutil
import threading

import pytest

import sekisho
from sekisho.errors import Refused
from tests.lib import private
from tests.lib.killed_private import COUNT, PURPOSE, query
from tests.lib.small import PROGRAMME, make_node

OTHER = "other-trade"


def _other_programme(tmp_path):
    """The same declarations as another programme, which would choose other cells to hide."""
    root = tmp_path / "other" / OTHER
    shutil.copytree(tmp_path / PROGRAMME, root)
    for file in root.rglob("*.*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8").replace(PROGRAMME, OTHER)
            file.write_text(text.replace('cost = "value"', 'cost = "count"'), encoding="utf-8")
    return root


def test_a_second_programme_cannot_release_the_same_data(tmp_path):
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        node.add_programme(_other_programme(tmp_path))
        node.load(OTHER, "sales", tmp_path / "sales.csv")
        with pytest.raises(Refused, match="very data"):
            node.release(OTHER, "by-place")
        assert len(node.releases()) == 1


def test_two_programmes_that_race_release_the_same_data_once(tmp_path):
    with make_node(tmp_path) as node:
        node.add_programme(_other_programme(tmp_path))
        node.load(OTHER, "sales", tmp_path / "sales.csv")
        root, refused = node.folder, []

        def release(programme):
            with sekisho.open(root) as own:
                try:
                    own.release(programme, "by-goods")
                except Refused:
                    refused.append(programme)

        both = [threading.Thread(target=release, args=(each,)) for each in (PROGRAMME, OTHER)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert len(refused) == 1
        assert len(node.releases()) == 1


def test_the_same_data_as_another_dataset_cannot_leave_again(tmp_path):
    with make_node(tmp_path) as node:
        node.release(PROGRAMME, "by-place")
        root = tmp_path / PROGRAMME
        (root / "datasets/sales.toml").rename(root / "datasets/sold.toml")
        for file in [root / "datasets/sold.toml", *root.glob("releases/*.sql")]:
            text = file.read_text(encoding="utf-8")
            text = text.replace('id = "sales"', 'id = "sold"').replace("FROM sales", "FROM sold")
            file.write_text(text, encoding="utf-8")
        node.add_programme(root)
        node.load(PROGRAMME, "sold", tmp_path / "sales.csv")
        with pytest.raises(Refused, match="very data"):
            node.release(PROGRAMME, "by-place")
        assert len(node.releases()) == 1


def test_a_second_programme_is_no_second_privacy_budget(tmp_path):
    """The same answers under another name would cost nothing of the first budget."""
    root = private.write_programme(tmp_path / "other", epsilon="4")
    renamed = root.rename(root.with_name(OTHER))
    for file in renamed.rglob("*.*"):
        text = file.read_text(encoding="utf-8").replace(private.PROGRAMME, OTHER)
        file.write_text(text, encoding="utf-8")
    with private.make_node(tmp_path) as node:
        query(node)
        node.add_programme(renamed)
        node.load(OTHER, "trips", tmp_path / "trips.csv")
        with pytest.raises(Refused, match="very data"):
            node.query(OTHER, COUNT, purpose=PURPOSE, epsilon="1")
        assert len(node._house.store.charges()) == 1
        query(node)
