"""What a patient types, and the demo's way of one record."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.cli.demo_record import walk
from sekisho.cli.main import run
from sekisho.cli.options import Speaker
from sekisho.errors import NotFound, NotPermitted, StorageError, UsageError
from sekisho.terms import Language

PROGRAMME = "health-referral"


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "hospitals"
    return folder, walk(Speaker(Language.EN, as_json=True), folder, PROGRAMME)


def typed(capsys, *line):
    code = run([str(each) for each in line])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_demo_sends_to_the_european_union_and_is_refused_by_the_law_for_the_united_states(
    walked,
):
    _, said = walked
    assert (said["sent_to"], said["refused_to"]) == ("demo-hospital-berlin", "demo-hospital-boston")
    assert {"JP-APPI-28", "EU-GDPR-9"} <= set(said["rules"])
    assert "tell the person the country" in said["would_open"][0]


def test_what_arrived_is_the_part_that_was_let_go(walked):
    folder, _ = walked
    bundle = json.loads((folder / "history.json").read_text("utf-8"))
    kinds = {each["resource"]["resourceType"] for each in bundle["entry"]}
    assert kinds == {"Patient", "Condition"}
    assert not list(folder.glob("*.sealed"))


def test_the_demo_says_each_step_in_japanese_too_and_goes_on_over_the_first_run(walked, capsys):
    folder, _ = walked
    walk(Speaker(Language.JA, as_json=False), folder, PROGRAMME)
    printed = capsys.readouterr().out
    assert "ボストン" in printed
    assert "個人情報保護法第28条第1項" in printed


def test_a_patient_sees_everything_with_the_secret_from_a_file(walked, capsys):
    folder, said = walked
    secret = said["files"][0]
    node = folder / "demo-hospital-tokyo"
    code, out, _ = typed(capsys, "my", "show", node, "--secret", secret, "--lang", "en")
    assert code == 0
    assert "Times that something of your records reached somebody else: 1" in out
    code, out, _ = typed(capsys, "my", "show", node, "--secret", secret, "--json")
    assert [each["state"] for each in json.loads(out)["transfers"]] == ["erased", "refused"]


@pytest.mark.parametrize("name", ["mine.pdf", "mine.json"])
def test_a_patient_takes_it_home_in_a_file_that_nobody_else_reads(walked, capsys, tmp_path, name):
    folder, said = walked
    file = tmp_path / name
    line = ["my", "export", folder / "demo-hospital-tokyo", file, "--secret", said["files"][0]]
    assert typed(capsys, *line)[0] == 0
    assert file.stat().st_mode & 0o777 == 0o600
    if name.endswith(".pdf"):
        assert file.read_bytes().startswith(b"%PDF-")
    else:
        assert all(each["receipt"] for each in json.loads(file.read_text("utf-8"))["entries"])


def test_another_kind_of_file_a_missing_one_and_a_wrong_secret_are_told_in_one_sentence(
    walked, capsys, tmp_path
):
    folder, said = walked
    node, wrong = folder / "demo-hospital-tokyo", tmp_path / "wrong"
    wrong.write_text("00" * 32)
    for line, kind, words in (
        (["my", "export", node, "x.xls", "--secret", wrong], UsageError, "`json` or `pdf`"),
        (["my", "show", node, "--secret", tmp_path / "none"], StorageError, "`none`"),
        (["my", "show", node, "--secret", wrong], NotFound, ""),
        (["my", "export", node, tmp_path / "no/x.pdf", "--secret", said["files"][0]],
         StorageError, "`x.pdf`"),
    ):  # fmt: skip
        code, out, err = typed(capsys, *line)
        assert (code, out) == (kind.exit_code, "")
        assert words in err
        assert len(err.strip().splitlines()) == 1


def test_the_secret_may_come_from_the_environment_and_stands_on_no_line(walked):
    folder, said = walked
    secret = Path(said["files"][0]).read_text("utf-8").strip()
    line = [sys.executable, "-m", "sekisho", "my", "show", folder / "demo-hospital-tokyo", "--json"]
    ended = subprocess.run(
        line,
        env={**os.environ, "SEKISHO_SECRET": secret},
        capture_output=True,
        text=True,
        check=True,
    )
    assert secret not in ended.stdout
    assert json.loads(ended.stdout)["transfers"]


def test_at_the_counter_a_stranger_is_not_shown_a_patient(walked, capsys):
    folder, _ = walked
    code, _, err = typed(
        capsys, "my", "show", folder / "demo-hospital-tokyo", "--subject", "0" * 32
    )
    assert code in (NotFound.exit_code, NotPermitted.exit_code)
    assert err


@pytest.mark.parametrize(("form", "key"), [("dpv", "@type"), ("fhir", "resourceType")])
def test_a_patient_takes_a_consent_home_in_a_form_that_others_read(
    walked, capsys, tmp_path, form, key
):
    folder, said = walked
    node, secret = folder / "demo-hospital-tokyo", said["files"][0]
    _, out, _ = typed(capsys, "my", "show", node, "--secret", secret, "--json")
    (consent,) = [each["id"] for each in json.loads(out)["consents"]]
    file = tmp_path / "consent.json"
    line = ["my", "consent", node, consent, file, "--form", form, "--secret", secret]
    assert typed(capsys, *line)[0] == 0
    assert json.loads(file.read_text("utf-8"))[key] in ("dpv:ConsentReceipt", "Consent")
    code, _, err = typed(capsys, *line[:3], "0" * 32, tmp_path / "x", "--secret", secret)
    assert code == NotFound.exit_code
    assert err
