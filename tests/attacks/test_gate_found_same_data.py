"""The same data under two names: the second way out cannot show what the first one hid."""

import shutil
import threading
from contextlib import suppress

import pytest

import sekisho
from sekisho.errors import Refused
from sekisho.gate import private as gate_private
from sekisho.gate.judge import refuse_left_elsewhere
from tests.lib import private
from tests.lib.killed_private import COUNT, PURPOSE, query
from tests.lib.killed_private import release as release_of
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


def _other_budget(tmp_path):
    """The same people as another programme, with a budget of its own."""
    root = private.write_programme(tmp_path / "other", epsilon="4")
    renamed = root.rename(root.with_name(OTHER))
    for file in renamed.rglob("*.*"):
        text = file.read_text(encoding="utf-8").replace(private.PROGRAMME, OTHER)
        file.write_text(text, encoding="utf-8")
    return renamed


def test_two_programmes_that_race_for_the_first_charge_spend_one_budget(tmp_path, monkeypatch):
    """Both look before either has charged, unless looking and charging are one step."""
    looked = threading.Barrier(2)

    def look(*asked):
        refuse_left_elsewhere(*asked)
        with suppress(threading.BrokenBarrierError):
            looked.wait(timeout=2)

    monkeypatch.setattr(gate_private, "refuse_left_elsewhere", look)
    with private.make_node(tmp_path) as node:
        node.add_programme(_other_budget(tmp_path))
        node.load(OTHER, "trips", tmp_path / "trips.csv")
        root, said = node.folder, []

        def ask(programme):
            with sekisho.open(root) as own:
                try:
                    own.query(programme, COUNT, purpose=PURPOSE, epsilon="1")
                    said.append("answered")
                except Refused as closed:
                    said.append(closed.faults[0].code)

        both = [threading.Thread(target=ask, args=(n,)) for n in (private.PROGRAMME, OTHER)]
        for each in both:
            each.start()
        for each in both:
            each.join()
        assert sorted(said) == ["answered", "gate.data-elsewhere"]
        assert len(node._house.store.charges()) == 1


def test_a_table_that_hides_cells_cannot_leave_where_noise_protects(tmp_path):
    """What the first protects with noise the second would show exactly, and the other way round."""
    with private.make_node(tmp_path) as node:
        query(node)
        root = tmp_path / private.PROGRAMME
        turned = _turned_to_hiding(root)
        node.add_programme(turned)
        with pytest.raises(Refused, match="other method"):
            node.release(private.PROGRAMME, "minutes-by-area")
        assert node.releases() == []


def test_noise_cannot_leave_where_cells_are_hidden_and_all_others_shown(tmp_path):
    with private.make_node(tmp_path, lines=_of_firms()) as node:
        root = tmp_path / private.PROGRAMME
        kept = {file: file.read_text("utf-8") for file in root.rglob("*.*")}
        node.add_programme(_turned_to_hiding(root))
        assert node.release(private.PROGRAMME, "minutes-by-area").id
        for file, text in kept.items():
            file.write_text(text, encoding="utf-8")
        for left in root.glob("releases/minutes-by-area.*"):
            left.unlink()
        node.add_programme(root)
        for ask in (query, release_of):
            with pytest.raises(Refused, match="other method"):
                ask(node)
        assert node._house.store.charges() == []
        assert node.query(
            private.PROGRAMME, COUNT, purpose=PURPOSE, epsilon="1", dry_run=True
        ).expected


def _of_firms():
    return [line for line in private.rows() if not line.startswith(",")]


def _turned_to_hiding(root):
    """The same dataset as one of firms, whose cells are hidden where they are unsafe."""
    dataset = root / "datasets/trips.toml"
    text = dataset.read_text("utf-8")
    at, end = text.index("[sekisho.budget]"), text.index("[[columns]]")
    text = text[:at] + text[end:]
    text = text.replace("differential-privacy", "disclosure-control")
    text = text.replace('privacy_unit = "person"', 'contributor = "person"')
    dataset.write_text(text, encoding="utf-8")
    for old in root.glob("releases/trips-by-area.*"):
        new = old.with_name(f"minutes-by-area{old.suffix}")
        said = old.read_text("utf-8").replace("trips-by-area", "minutes-by-area")
        said = said.replace("differential-privacy", "disclosure-control")
        said = said.replace('epsilon = "1"\n', "").replace(
            "COUNT(*) AS trips", "SUM(minutes) AS trips"
        )
        new.write_text(said, encoding="utf-8")
        old.unlink()
    return root


def test_a_second_programme_is_no_second_privacy_budget(tmp_path):
    """The same answers under another name would cost nothing of the first budget."""
    with private.make_node(tmp_path) as node:
        query(node)
        node.add_programme(_other_budget(tmp_path))
        node.load(OTHER, "trips", tmp_path / "trips.csv")
        with pytest.raises(Refused, match="very data"):
            node.query(OTHER, COUNT, purpose=PURPOSE, epsilon="1")
        assert len(node._house.store.charges()) == 1
        query(node)
