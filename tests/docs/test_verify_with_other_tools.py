"""The page on other tools: every block runs, in order, and says what the page says."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from sekisho.tlog.receipt_page import receipt_page_digest
from tests.lib.warm import warm_environment

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "verify-with-other-tools.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash( go)?\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
GO = (
    shutil.which("go") is not None and Path("/usr/share/gocode/src/golang.org/x/mod/sumdb").is_dir()
)


def run(folder: Path, blocks: list[str]) -> str:
    environment = {
        **warm_environment(),
        "SOURCE": str(ROOT),
    }
    command = ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first block makes: a node, its log, its key."""
    folder = tmp_path_factory.mktemp("made")
    run(folder, [BLOCKS[0][1]])
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "place")
    return tmp_path / "place"


def test_openssl_the_shell_and_the_page_of_receipts_do_as_the_page_says(place: Path):
    printed = run(place, [block for go, block in BLOCKS[1:] if not go])
    assert "Signature Verified Successfully" in printed
    assert "entry 1 stands in the log" in printed
    assert f"{receipt_page_digest()}  receipt_verifier.html" in printed
    assert "it has grown out of the checkpoint of 3 entries that was kept" in printed


def test_go_does_as_the_page_says(place: Path):
    if not GO:
        reason = "install Debian's packages `golang` and `golang-golang-x-mod-dev`"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    printed = run(place, [block for go, block in BLOCKS if go])
    assert "accepted: 3 entries, 1 tiles" in printed
    assert "accepted: 1 checkpoints" in printed
    assert "accepted: 1 inclusion proofs" in printed
    assert "refused: " in printed


def test_the_page_names_the_digest_of_the_page_of_receipts():
    assert f"`{receipt_page_digest()}`" in PAGE


def test_openssl_refuses_a_text_that_was_not_signed(place: Path):
    block = BLOCKS[1][1]
    spoilt = block.replace("> text\n", "> text\nsed -i 's/^3$/4/' text\n")
    assert spoilt != block
    with pytest.raises(AssertionError, match="Signature Verification Failure"):
        run(place, [spoilt])
