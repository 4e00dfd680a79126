"""The tutorial: every block runs, in order, and ends in a protected table and its proof."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.warm import warm_environment

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "tutorials" / "first-release.md").read_text("utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of somebody who typed every block, and what was printed."""
    folder = tmp_path_factory.mktemp("beginner")
    environment = {
        **warm_environment(),
        "COLUMNS": "80",
    }
    command = ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended.stdout


def test_the_tutorial_ends_in_a_release_that_verifies(followed: tuple[Path, str]):
    _folder, printed = followed
    assert "bakeries is sound: 1 dataset, 1 release plan, 1 rule" in printed
    assert "22 rows validated and kept" in printed
    assert "inclusion proof verified" in printed
    assert "1 release is as logged" in printed
    assert "the verifier finds every hidden cell protected" in printed
    assert "地区・四半期別のパン屋の売上げ" in printed


def test_the_cell_that_the_tutorial_points_at_is_hidden_and_not_alone(
    followed: tuple[Path, str],
):
    folder, printed = followed
    table = folder / "node/releases/bakeries.sales-by-district.r1/sales-by-district.csv"
    lines = table.read_text("utf-8").splitlines()
    assert "Hill,2026-Q1,,confidential" in lines
    assert sum(line.endswith(",confidential") for line in lines) > 1
    assert "935" not in printed


def test_every_link_of_the_map_and_of_the_tutorial_leads_somewhere():
    for page in (DOCS / "README.md", DOCS / "tutorials" / "first-release.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
        assert links
        for link in links:
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_map_names_every_page():
    named = (DOCS / "README.md").read_text("utf-8")
    for page in DOCS.glob("*/*.md"):
        assert f"]({page.relative_to(DOCS)})" in named, page.name
