"""The tutorial on judging a policy, then the page on parts in the same folder.

Every block of both runs, in order, and prints what the page shows.
"""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

import sekisho
from sekisho.errors import DeliveryError
from sekisho.gate.part_checks import SaidOfPart
from sekisho.programmes.shipped import shipped_programmes
from tests.lib.page_run import missing_lines, type_page

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = DOCS / "tutorials" / "judge-a-policy.md"
PARTS = DOCS / "how-to" / "bring-a-part.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("office")


@pytest.fixture(scope="module")
def typed(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEKISHO_LANGUAGE", "en")
        patch.setenv("COLUMNS", "80")
        return type_page(PAGE, folder)


def test_every_block_prints_what_the_page_shows(typed):
    assert sum(bool(each.shown) for each in typed) == 6
    assert [line for each in typed for line in missing_lines(each)] == []


def test_the_released_effect_is_what_the_page_tells(folder, typed):
    assert typed
    with sekisho.open(folder / "node") as node:
        (released,) = node.releases()
        about = json.loads(released.files["release.json"].read_bytes())
        (policy,) = [each for each in about["indicators"] if each["id"] == "stay-at-home"]
        (effect,) = [each for each in policy["figures"] if each["what"] == "effect"]
        assert -95 < Decimal(effect["low"]) < -80 < Decimal(effect["high"]) < -60


def test_a_part_under_another_key_is_refused(folder, typed):
    """What section 2 says that the check is for; the officer had brought every file before."""
    assert typed
    part = ("mobility-statistics", "device-days", folder / "named.csv")
    with sekisho.open(folder / "node") as node:
        officer = node.as_("officer-a")
        with pytest.raises(DeliveryError, match="key"):
            officer.load(*part, part=SaidOfPart("0" * 32, None))


def test_every_block_of_the_page_on_parts_prints_what_it_shows(folder, typed):
    assert typed
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEKISHO_LANGUAGE", "en")
        then = type_page(PARTS, folder)
    assert sum(bool(each.shown) for each in then) == 5
    assert [line for each in then for line in missing_lines(each)] == []


def test_the_declaration_on_the_page_on_parts_is_that_of_the_programme():
    (shown,) = re.findall(
        r"^```toml\n(.*?)^```$", PARTS.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    declared = shipped_programmes()["mobility-statistics"] / "datasets" / "device-days.toml"
    assert shown in declared.read_text("utf-8")
