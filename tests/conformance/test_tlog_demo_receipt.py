"""The receipts with which the demo ends, before judges that nobody of this project wrote."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.tlog.receipt_page import FILE_NAME


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The demo's node, made as `make demo` makes it."""
    folder = tmp_path_factory.mktemp("demo") / "demo-node"
    command = [sys.executable, "-m", "sekisho", "demo", str(folder), "--no-serve", "--json"]
    environment = {**os.environ, "LC_ALL": "C", "SEKISHO_LANGUAGE": "en"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["log_verified"]
    assert [Path(each).parent for each in said["receipts"]] == [folder / "receipts"] * 6
    return folder


def test_go_accepts_the_demos_log_and_every_receipt_of_it(demo, go_judge, tmp_path):
    vkey = (demo / "log.vkey").read_text(encoding="utf-8").strip()
    (tmp_path / "none").mkdir()
    code, said = go_judge(vkey, demo / "log", tmp_path / "none", demo / "receipts")
    assert said.splitlines()[-1] == "accepted: 6 inclusion proofs"
    assert code == 0


def test_go_refuses_a_receipt_of_the_demo_with_one_letter_changed(demo, go_judge, tmp_path):
    vkey = (demo / "log.vkey").read_text(encoding="utf-8").strip()
    (tmp_path / "none").mkdir()
    (tmp_path / "spoilt").mkdir()
    receipt = min((demo / "receipts").glob("*.tlog-proof"))
    text = receipt.read_text(encoding="utf-8")
    at = text.index("extra ") + 60
    spoilt = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
    (tmp_path / "spoilt" / receipt.name).write_text(spoilt, encoding="utf-8")
    code, said = go_judge(vkey, demo / "log", tmp_path / "none", tmp_path / "spoilt")
    assert (code, said.splitlines()[-1].startswith("refused: ")) == (1, True)


@pytest.mark.browser
def test_the_page_that_the_demo_hands_out_accepts_every_receipt_offline(demo, chromium):
    vkey = (demo / "log.vkey").read_text(encoding="utf-8")
    context = chromium.new_context(locale="en-GB", offline=True)
    page = context.new_page()
    page.goto((demo / "receipts" / FILE_NAME).as_uri())
    receipts = sorted((demo / "receipts").glob("*.tlog-proof"))
    for receipt in receipts:
        page.set_input_files("#receipt", [receipt])
        page.fill("#keys", vkey)
        page.click("#check")
        page.wait_for_selector("#result:not([data-state=none])", state="attached")
        assert page.locator("#result").get_attribute("data-state") == "good"
        assert receipt.name.removesuffix(".tlog-proof") in page.inner_text("#result")
    assert len(receipts) == 6
    page.fill("#keys", vkey.replace("+", "x+", 1))
    page.click("#check")
    page.wait_for_selector("#result[data-state=bad]", state="attached")
    context.close()
