"""The page on writing a form holds a programme that works, code that runs, and real faults."""

import re
import shlex
from pathlib import Path

import pytest

from sekisho.cli.main import command_group
from sekisho.errors import ProgrammeError
from sekisho.wiring import checked_programme
from tests.lib.programme_folder import packed, write

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-a-form.md").read_text(
    "utf-8"
)
FILES = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
SPOILT = re.findall(
    r"^In `([\w./-]+)`, write `(.*?)` as `(.*?)`:\n\n```text\n(.*?)\n```$",
    PAGE,
    re.DOTALL | re.MULTILINE,
)
STEPS = re.findall(
    r"^```python\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", PAGE, re.DOTALL | re.MULTILINE
)


def whole() -> dict[str, str]:
    return {"README.md": "# Survey of staff\n", **FILES}


def test_the_page_shows_a_whole_folder_without_a_fault():
    programme = checked_programme(packed(whole()))
    assert programme.form("staff").dataset == "staff-answers"
    assert len(FILES) == 5


@pytest.mark.parametrize(("file", "old", "new", "said"), SPOILT, ids=[each[2] for each in SPOILT])
def test_a_fault_is_reported_as_the_page_says(file, old, new, said):
    assert FILES[file].count(old) == 1
    with pytest.raises(ProgrammeError) as raised:
        checked_programme(packed(whole() | {file: FILES[file].replace(old, new)}))
    assert raised.value.sentences() == said.split("\n")


def test_the_code_of_the_page_runs_and_prints_what_the_page_says(tmp_path, monkeypatch, capsys):
    write(tmp_path / "staff-survey", whole())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    told = 0
    for code, said in STEPS:
        exec(code, names)
        assert capsys.readouterr().out == said, code
        told += bool(said)
    names["node"].close()
    assert told >= 6


def test_the_request_for_data_of_the_page_is_sound():
    ask = next(
        text
        for text in re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
        if "[ask]" in text
    )
    from tests.lib.forms import VOLUMES

    files = {**whole(), "forms/traffic.toml": ask, "datasets/volumes.toml": VOLUMES}
    assert checked_programme(packed(files)).form("traffic").ask.every_months == 1


def test_every_command_of_the_page_is_one():
    lines = [line[2:] for line in re.findall(r"^\$ .*$", PAGE, re.MULTILINE)]
    assert len(lines) >= 6
    for line in lines:
        words = shlex.split(line)[1:]
        command = command_group()
        context = command.make_context("sekisho", [], resilient_parsing=True)
        for _ in range(2):
            command = command.get_command(context, words.pop(0))
        assert command is not None, line
        command.make_context("x", words)
