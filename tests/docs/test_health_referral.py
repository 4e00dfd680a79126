"""The tutorial of the referral: every block runs, in order, and prints what the page says."""

import contextlib
import io
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "tutorials" / "health-referral.md").read_text("utf-8")
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", PAGE, re.DOTALL | re.MULTILINE
)


def follow(folder: Path) -> list[tuple[str, str]]:
    """What was printed beside what the page says, block by block."""
    names: dict[str, object] = {}
    seen = []
    with contextlib.chdir(folder):
        for number, (code, said) in enumerate(BLOCKS):
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(code, f"block {number}", "exec"), names)
            seen.append((printed.getvalue(), said))
    return seen


def test_every_block_of_the_tutorial_prints_what_the_page_says(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG", "C")
    for printed, said in follow(tmp_path):
        assert printed == said


def test_the_tutorial_shows_what_most_of_its_blocks_print():
    assert len(BLOCKS) > 20
    assert sum(bool(said) for _code, said in BLOCKS) >= 12


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)", PAGE))
def test_every_link_of_the_tutorial_leads_somewhere(link):
    assert (DOCS / "tutorials" / link).exists()
