"""The tutorial: every block runs, in order; members submit, compare, search and download."""

import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.lib.warm import warm_environment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "policy-exchange.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.timeout(900)  # two dozen commands, each a start of its own


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of somebody who typed every block, and what was printed."""
    folder = tmp_path_factory.mktemp("group")
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(BLOCKS)],
        cwd=folder,
        env=warm_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return folder, ended.stdout


def test_the_tutorial_says_what_it_prints(followed):
    _, printed = followed
    assert "issue `c`: the document says that it was left empty; it stays empty" in printed
    assert "Answers to 3 questions of form `report` are saved as a draft" in printed
    assert "It came after the deadline and is marked late." in printed
    assert "  Japan: 2" in printed
    assert "left empty: Japan, United States" in printed
    assert "nothing submitted: Canada" in printed
    assert "医療機関の通信" in printed
    assert "Licence: CC BY-SA 4.0" in printed
    assert "is open to everyone" in printed


def test_the_members_have_every_report_and_the_comparison(followed):
    folder, _ = followed
    with zipfile.ZipFile(folder / "reports.zip") as package:
        assert sorted(name[:4] for name in package.namelist()) == ["jpn-", "usa-"]
    comparison = (folder / "comparison.csv").read_text("utf-8-sig")
    assert "Supporting SMEs in introducing teleworking" in comparison
    assert comparison.count("nothing submitted") == 19 * 5
    for name in ("template.xlsx", "template.docx", "comparison.xlsx"):
        assert (folder / name).read_bytes().startswith(b"PK")
