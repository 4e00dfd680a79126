"""The page on private questions: every block runs, in order, and what it promises is so."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lib.warm import warm_environment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "ask-a-private-question.md"
TEXT = PAGE.read_text("utf-8")
BASH = re.findall(r"^```bash\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The folder of an analyst who typed every block, and what was printed."""
    folder = tmp_path_factory.mktemp("analyst")
    environment = {
        **warm_environment(),
        "COLUMNS": "100",
    }
    printed = []
    for command in (
        ["bash", "-euo", "pipefail", "-c", "\n".join(BASH)],
        [sys.executable, "-c", *PYTHON],
    ):
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        printed.append(done.stdout + done.stderr)
    return folder, printed


def test_a_dry_run_says_the_errors_that_the_page_says(followed):
    _, (shell, _) = followed
    for said in re.findall(r"^    (costs epsilon .*|customers by .*)$", TEXT, re.MULTILINE):
        assert said in shell


def test_the_answer_is_the_same_again_and_was_charged_once(followed):
    folder, (shell, notebook) = followed
    again = json.loads((folder / "again.json").read_text("utf-8"))
    papers = json.loads((folder / "answer" / "answer.json").read_text("utf-8"))
    assert again["columns"]["customers"] == [r["customers"]["value"] for r in papers["rows"]]
    assert again["entries"] == [each["entry"] for each in papers["charges"]]
    assert shell.count("analyst: query for dpv:OfficialStatistics, epsilon 1,") == 1
    assert str(again["columns"]["customers"][0]) in notebook
    assert "costs nothing and has the same answer" in notebook


def test_the_budget_and_the_refusal_read_as_the_page_says(followed):
    _, (shell, _) = followed
    said = re.findall(r"^    (cross-border-ecommerce / online-retail.*)$", TEXT, re.MULTILINE)
    assert said
    assert said[0] in shell
    assert "left of a budget that does not begin anew; ask for less" in shell


def test_the_papers_are_proved_to_whoever_holds_the_log_s_key(followed):
    _, (shell, _) = followed
    assert "inclusion proof verified; papers in" in shell
    assert "answer.json" in shell
    assert "the receipt is genuine" in shell.rsplit("answer.json", 1)[1]
