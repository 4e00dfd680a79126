"""The page of SQL for private statistics is what its examples give."""

from pathlib import Path

from tests.lib.privacy_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sql.md"


def test_the_sql_page_shows_what_its_examples_give():
    wanted = "run `python -m tests.lib.privacy_page docs/reference/sql.md`"
    assert PAGE.read_text(encoding="utf-8") == page(), wanted
