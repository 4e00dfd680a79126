"""The page of consents and transfers is what the code goes by."""

import re
from pathlib import Path

from sekisho.gate.records.pages import CONSENT_MEANS, TRANSFER_MEANS, records_page
from sekisho.terms import CONSENT_TRANSITIONS, TRANSFER_TRANSITIONS, ConsentState, TransferState

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "records.md"


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text(encoding="utf-8") == records_page(), "run `make docs`"


def test_every_state_says_what_it_means():
    assert set(CONSENT_MEANS) == set(ConsentState)
    assert set(TRANSFER_MEANS) == set(TransferState)


def test_the_diagrams_have_every_arrow_of_the_tables_and_no_other():
    drawn = re.findall(r"^    (\w+) --> (\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tables = (CONSENT_TRANSITIONS, TRANSFER_TRANSITIONS)
    arrows = [(o.value, n.value) for table in tables for o, new in table.items() for n in new]
    assert sorted(drawn) == sorted(arrows)
