"""Words of a programme or of data that would command a terminal or break a file never leave."""

import pytest

import sekisho
from sekisho.errors import ProgrammeError, Refused
from tests.lib.small import OWNER, PROGRAMME, SECRET_P, rows, write_programme, write_sales


@pytest.mark.parametrize("bad", ["\x1b[2J", "\u202e"])
def test_a_group_that_commands_a_terminal_is_refused(tmp_path, bad):
    """One such value once ended the whole process, which drew a chart of it."""
    lines = [line.replace(",tea,", f",tea{bad},") for line in rows(1)]
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        node.add_programme(write_programme(tmp_path))
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "sales.csv", lines))
        with pytest.raises(Refused) as refused:
            node.release(PROGRAMME, "by-goods")
        assert bad not in str(refused.value)
        assert node.releases() == []


def test_a_title_that_commands_a_terminal_is_refused(tmp_path):
    """TOML writes the character as an escape, so the file itself looks clean; it is found all the same."""
    root = write_programme(tmp_path)
    plan = root / "releases/by-goods.toml"
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace('en = "All"', 'en = "All\\u001b[2J"'), encoding="utf-8")
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        with pytest.raises(ProgrammeError):
            node.add_programme(root)
        assert node.programmes() == []


def test_markup_in_a_group_stays_text_in_every_file(tmp_path):
    lines = [line.replace(",tea,", ",<svg onload=alert(1)>,") for line in rows(1)]
    with sekisho.init(tmp_path / "node", OWNER, sensitivity={"p-percent": SECRET_P}) as node:
        node.add_programme(write_programme(tmp_path))
        node.load(PROGRAMME, "sales", write_sales(tmp_path / "sales.csv", lines))
        released = node.release(PROGRAMME, "by-goods")
        assert "<svg onload" not in released._repr_html_()
        for name, file in released.files.items():
            if name.endswith(".svg"):
                assert "<svg onload" not in file.read_text(encoding="utf-8")
