"""The generated pages are what the code says, and nothing that people can set or call is missing."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _generated(page: str) -> str:
    code = f"from sekisho.cli import pages; print(pages.{page}(), end='')"
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C", "COLUMNS": "80"}
    environment.pop("SEKISHO_LANGUAGE", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(
    ("page", "file"), [("commands_page", "commands.md"), ("settings_page", "settings.md")]
)
def test_the_page_is_what_the_code_says(page, file):
    written = (ROOT / "docs" / "reference" / file).read_text(encoding="utf-8")
    assert written == _generated(page), "run `make docs`"


def test_every_setting_stands_in_the_page():
    from sekisho.cli.pages import undocumented

    assert undocumented() == set()


def test_every_link_between_pages_leads_somewhere():
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_the_examples_of_the_style_page_run():
    """The tests that the page shows pass for a p% rule as the page describes it."""
    from collections.abc import Sequence
    from decimal import Decimal

    from hypothesis import given
    from hypothesis import strategies as st

    page = (ROOT / "docs" / "explanation" / "style.md").read_text(encoding="utf-8")
    contract, tests = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names = {
        "Sequence": Sequence,
        "Decimal": Decimal,
        "given": given,
        "st": st,
        "TEN": Decimal(10),
        "amounts": st.integers(0, 10**6).map(Decimal),
    }
    exec(contract, names)
    assert "Shape:" in names["fails_p_percent"].__doc__

    def fails_p_percent(contributions, p):
        largest, second = sorted([*contributions, Decimal(0), Decimal(0)], reverse=True)[:2]
        return sum(contributions) - largest - second < largest * p / 100

    names["fails_p_percent"] = fails_p_percent
    exec(tests, names)
    names["test_two_contributors_read_each_other_exactly"]()
    names["test_a_safe_total_never_lets_the_second_estimate_the_first"]()
