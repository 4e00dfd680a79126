"""The page on the audit of finished tables: every block runs, and says what the page says."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.warm import warm_environment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "audit-a-finished-table.md"
TEXT = PAGE.read_text("utf-8")
STEPS = re.findall(r"^```bash\n(.*?)^```\n(?:\n    (.*?)\n)?", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checker")


def test_every_block_says_what_the_page_says(folder):
    environment = {
        **warm_environment(),
    }
    assert len(STEPS) == 5
    for block, said in STEPS:
        command = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
        assert ("exit code 1" in done.stdout) == said.startswith("Fail")
    page = (folder / "findings.html").read_text("utf-8")
    assert "known exactly" in page
