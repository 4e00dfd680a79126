"""A node takes packs from further folders, whole or not at all."""

import shutil
from importlib import resources

import pytest

import sekisho
from sekisho.errors import ProgrammeError, UsageError
from tests.lib.records import TOKYO, StillClock, new_node

ORDERED = "pack.toml", "rules.toml", "rules.cedar", "examples.toml"


@pytest.fixture
def node(tmp_path):
    """A node whose settings name `my-packs`, with a copy of Korea's pack for another place."""
    new_node(tmp_path / "node", TOKYO, StillClock()).close()
    target = tmp_path / "node" / "my-packs" / "XK"
    target.mkdir(parents=True)
    for name in ORDERED:
        text = (resources.files("sekisho.rules") / "packs" / "KR" / name).read_text(
            encoding="utf-8"
        )
        text = text.replace("KR-", "XK-").replace('"KR"', '"XK"')
        (target / name).write_text(text, encoding="utf-8")
    say(tmp_path / "node", 'packs = ["my-packs"]')
    return tmp_path / "node"


def say(folder, line):
    file = folder / "node.toml"
    text = file.read_text(encoding="utf-8")
    kept = "\n".join(each for each in text.splitlines() if not each.startswith("packs"))
    file.write_text(kept.replace("[node]", f"[node]\n{line}", 1) + "\n", encoding="utf-8")


def test_a_pack_of_the_settings_judges_beside_those_that_come_along(node):
    with sekisho.open(node) as opened:
        packs = opened._house.packs
    assert set(packs.packs) == {"EU", "JP", "KR", "US", "XK"}


@pytest.mark.parametrize("name", ORDERED)
def test_a_pack_with_one_file_missing_keeps_the_node_shut(node, name):
    (node / "my-packs" / "XK" / name).unlink()
    with pytest.raises((ProgrammeError, UsageError)):
        sekisho.open(node)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rules.cedar", "permit (", "permitt ("),
        ("rules.toml", "numbering_date", "numbring_date"),
        ("pack.toml", "XK", "JP"),
        ("rules.toml", "status", "\x00status"),
    ],
)
def test_a_pack_with_one_fault_keeps_the_node_shut(node, name, old, new):
    file = node / "my-packs" / "XK" / name
    file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProgrammeError):
        sekisho.open(node)


def test_a_pack_that_is_no_text_keeps_the_node_shut_and_the_fault_says_which_file(node):
    file = node / "my-packs" / "XK" / "rules.cedar"
    file.write_bytes(file.read_bytes() + b"\xff")
    with pytest.raises(ProgrammeError, match=r"rules\.cedar.*UTF-8"):
        sekisho.open(node)


@pytest.mark.parametrize(
    "line",
    [
        'packs = ["nowhere"]',
        'packs = "my-packs"',
        "packs = [1]",
        'packs = ["my-packs", "./my-packs"]',
    ],
)
def test_settings_that_name_no_packs_are_refused(node, line):
    say(node, line)
    with pytest.raises(UsageError, match="packs"):
        sekisho.open(node)


def test_a_folder_that_vanished_keeps_the_node_shut(node):
    shutil.rmtree(node / "my-packs")
    with pytest.raises(UsageError, match="my-packs"):
        sekisho.open(node)
