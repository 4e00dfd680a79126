"""The page on indicators prints what it says it prints."""

import contextlib
import io
import os
import re
from pathlib import Path

import pytest

import sekisho
from sekisho.cli.main import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "indicators.md"
PARTS = re.findall(
    r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$",
    PAGE.read_text("utf-8"),
    re.DOTALL | re.MULTILINE,
)


@pytest.fixture
def folder(tmp_path):
    assert run(["init", str(tmp_path / "node"), "--participant", "demo-statistics-office"]) == 0
    with sekisho.open(tmp_path / "node") as node:
        for name in ("cross-border-ecommerce", "mobility-statistics"):
            node.add_programme(name)
    return tmp_path


def test_the_examples_print_what_the_page_shows(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert Path(os.curdir).resolve() == folder.resolve()
    names: dict[str, object] = {}
    assert len(PARTS) == 3
    for code, shown in PARTS:
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            exec(code, names)
        assert told.getvalue() == shown
    names["node"].close()
