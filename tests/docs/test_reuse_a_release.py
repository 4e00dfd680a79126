"""The page on reuse: every block runs in order, over a node of the tests, and says what is true."""

import io
import re
import shlex
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from sekisho.cli.main import run
from tests.lib.small import PLANS, PROGRAMME, make_node

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "reuse-a-release.md").read_text(
    "utf-8"
)
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
PLAN = PLANS[0]
RELEASE = f"{PROGRAMME}.{PLAN}.r1"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reuse")
    with make_node(folder) as node:
        node.release(PROGRAMME, PLAN)
    return folder


@pytest.fixture(scope="module")
def printed(place):
    """What the whole page prints; a command runs here instead of in a process of its own."""
    told = io.StringIO()
    names = {}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told):
        patch.chdir(place)
        patch.setenv("SEKISHO_LANGUAGE", "en")
        for kind, block in BLOCKS:
            text = block.replace("RELEASE", RELEASE).replace("PLAN", PLAN)
            if kind == "python":
                exec(compile(text, "page", "exec"), names)
                continue
            for line in text.splitlines():
                words = shlex.split(line)
                if words[0] == "mkdir":
                    Path(words[-1]).mkdir()
                else:
                    assert words[0] == "sekisho"
                    assert run(words[1:]) == 0, line
    return told.getvalue()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_block_runs_and_says_what_is_true(place, printed):
    files = {each.name for each in (place / "files").iterdir()}
    ends = ["csv", "excel.csv", "xlsx", "xml", "structure.xml", "parquet"]
    assert {f"{PLAN}.{end}" for end in ends} | {f"{RELEASE}.zip"} <= files
    lines = (place / "files" / f"{PLAN}.csv").read_text("utf-8").splitlines()
    shown = sum(line.endswith(",published") for line in lines)
    assert f"{len(lines) - 1} cells, {shown} shown" in printed
    assert f"{len(lines) - 1} observations of ['REGION', 'TOWN'" in printed
    assert "decimal128(38" in printed
    assert "catalogue of 1 datasets" in printed
    assert f"archive verified: every file of `{RELEASE}`" in printed


def test_a_mark_for_what_is_no_csv_is_refused(place, capsys):
    node = str(place / "node")
    assert run(["release", "export", node, RELEASE, "--format", "json", "--bom"]) == 2
    assert "--bom" in capsys.readouterr().err


def test_an_older_release_is_written_in_a_newer_form_and_says_so(place, tmp_path, capsys):
    (file,) = place.glob("node/releases/*/*.sdmx.csv")
    kept = file.read_bytes()
    file.unlink()
    asked = ["--format", "sdmx.csv", "--out", str(tmp_path / "t.csv")]
    try:
        assert run(["release", "export", str(place / "node"), RELEASE, *asked]) == 0
    finally:
        file.write_bytes(kept)
    assert (tmp_path / "t.csv").read_bytes() == kept
    assert "does not stand for it" in capsys.readouterr().out


def test_every_form_that_the_page_names_is_one():
    from sekisho.model.export import FORMS

    named = set(re.findall(r"`\.([a-z.-]+)`", TEXT.split("## Hidden cells")[0]))
    assert named == set(FORMS)
