"""One flipped byte in any file of the log or of a release is found."""

import random

import pytest

import sekisho
from tests.lib.small import PLANS, PROGRAMME, make_node


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory):
    with make_node(tmp_path_factory.mktemp("flips")) as node:
        for plan in PLANS:
            node.release(PROGRAMME, plan)
        assert node.verify().passed
        return node.folder


def _public_files(folder):
    return sorted(
        file
        for part in ("log", "releases")
        for file in (folder / part).rglob("*")
        if file.is_file() and file.name != ".lock"
    )


def test_every_public_file_is_watched(node_folder):
    """In each file: the first, the last and three random bytes, one bit each."""
    draw = random.Random(7)
    files = _public_files(node_folder)
    assert len(files) >= 14
    with sekisho.open(node_folder) as node:
        for file in files:
            whole = file.read_bytes()
            places = {0, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(3))}
            for place in places:
                bent = bytearray(whole)
                bent[place] ^= 1 << draw.randrange(8)
                file.write_bytes(bytes(bent))
                assert not node.verify().passed, f"{file.name}: byte {place} flipped unnoticed"
            file.write_bytes(whole)
        assert node.verify().passed


def test_a_missing_file_is_found(node_folder):
    with sekisho.open(node_folder) as node:
        size = str(node.verify().size)
        for file in _public_files(node_folder):
            if file.parent.suffix == ".p" and file.name != size:
                continue  # a partial tile that a fuller one has superseded: nobody needs it
            whole = file.read_bytes()
            file.unlink()
            assert not node.verify().passed, f"{file.name} removed unnoticed"
            file.write_bytes(whole)


def test_a_file_that_was_never_released_is_found(node_folder):
    with sekisho.open(node_folder) as node:
        extra = node.releases()[0].folder / "extra.csv"
        extra.write_text("1\n")
        assert not node.verify().passed
        extra.unlink()
        assert node.verify().passed
